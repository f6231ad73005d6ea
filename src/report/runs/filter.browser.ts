/** Shows those runs that the fields of the filter are about; runs inside index.html. */
{
  const form = document.querySelector<HTMLFormElement>('.filter');
  const said = form?.querySelector('output');
  const rows = [...document.querySelectorAll<HTMLTableRowElement>('.all tbody tr')].map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
    verdict: row.querySelector<HTMLElement>('[data-verdict]')?.dataset['verdict'],
    scenario: row.querySelector('.name')?.textContent,
  }));

  const show = () => {
    if (form === null) return;
    const wanted = new FormData(form);
    const words = String(wanted.get('text')).toLowerCase().split(/\s+/);
    const [scenario, verdict] = [wanted.get('scenario'), wanted.get('verdict')];
    let shown = 0;
    for (const each of rows) {
      const isWanted =
        (scenario === '' || each.scenario === scenario) &&
        (verdict === '' || each.verdict === verdict) &&
        words.every((word) => each.text.includes(word));
      each.row.hidden = !isWanted;
      if (isWanted) shown++;
    }
    if (said) said.value = shown === rows.length ? `${shown} runs` : `${shown} of ${rows.length} runs`;
  };

  form?.addEventListener('input', show);
  form?.addEventListener('submit', (event) => event.preventDefault());
  document.documentElement.classList.add('filterable');
  // A browser keeps what stood in the fields when a page is loaded again.
  show();
}
