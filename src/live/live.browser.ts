/** Puts each view that comes into the place of the one before, and asks for a stop; runs inside the page. */
{
  const root = document.documentElement;
  const place = document.querySelector('#view');
  const said = document.querySelector('#said');

  /** Makes one element like another, and leaves what is alike as it is: focus, animations, what is open. */
  const become = (old: Node, wanted: Node): void => {
    if (old.nodeType !== wanted.nodeType || old.nodeName !== wanted.nodeName) {
      old.parentNode?.replaceChild(wanted.cloneNode(true), old);
      return;
    }
    if (!(old instanceof Element) || !(wanted instanceof Element)) {
      if (old.nodeValue !== wanted.nodeValue) old.nodeValue = wanted.nodeValue;
      return;
    }
    for (const { name } of [...old.attributes]) {
      // Theirs who look: a table that is open, a button that was pressed once.
      const isTheirs = name === 'data-sure' || (name === 'open' && old instanceof HTMLDetailsElement);
      if (!wanted.hasAttribute(name) && !isTheirs) old.removeAttribute(name);
    }
    for (const { name, value } of wanted.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const [are, shall] = [[...old.childNodes], [...wanted.childNodes]];
    for (const [index, child] of shall.entries()) {
      const there = are[index];
      if (there === undefined) old.appendChild(child.cloneNode(true));
      else become(there, child);
    }
    for (const child of are.slice(shall.length)) child.remove();
  };

  let told = '';
  const show = (content: string) => {
    const wanted = new DOMParser().parseFromString(content, 'text/html').body.firstElementChild;
    if (place === null || wanted === null) return;
    wanted.id = 'view';
    become(place, wanted);
    root.classList.remove('lost');
    // What is being done is read out when it changes; numbers that change all the time are not.
    const step = place.querySelector('[data-said]')?.textContent ?? '';
    if (step !== told && said !== null) said.textContent = step;
    told = step;
  };

  const isOver = () => place?.querySelector('.over') !== null;
  const views = new EventSource('views');
  views.onmessage = ({ data }) => {
    show(JSON.parse(data));
    if (isOver()) views.close();
  };
  views.onerror = () => {
    if (!isOver()) root.classList.add('lost');
  };

  // The button comes and goes with views; whoever presses it presses twice.
  let sure: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener('click', async ({ target }) => {
    const button = target instanceof HTMLElement ? target.closest<HTMLButtonElement>('#stop') : null;
    if (button === null) return;
    clearTimeout(sure);
    if (!button.hasAttribute('data-sure')) {
      button.setAttribute('data-sure', '');
      if (said !== null)
        said.textContent = 'Press again to stop: faults are taken back, and there is a report.';
      sure = setTimeout(() => button.removeAttribute('data-sure'), 4_000);
      return;
    }
    button.removeAttribute('data-sure');
    await fetch('stop', { method: 'POST', headers: { 'x-breakwater-stop': 'yes' } });
  });
}
