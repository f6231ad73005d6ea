import http from 'k6/http';

export const options = {
  scenarios: {
    all: { executor: 'constant-arrival-rate', rate: 50, timeUnit: '1s', preAllocatedVUs: 20, duration: '5s' },
  },
};

export default function () {
  const answer = http.get(__ENV.BREAKWATER_URL);
  console.error('no total in', answer.status);
  throw new Error('the basket is empty');
}
