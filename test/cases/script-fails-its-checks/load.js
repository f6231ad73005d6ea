import { check, group } from 'k6';
import http from 'k6/http';

export const options = {
  scenarios: {
    all: { executor: 'constant-arrival-rate', rate: 50, timeUnit: '1s', preAllocatedVUs: 20, duration: '5s' },
  },
};

export default function () {
  const answer = http.get(__ENV.BREAKWATER_URL);
  group('basket', () => {
    check(answer, {
      'is there': ({ status }) => status === 200,
      'is a teapot': ({ status }) => status === 418,
    });
  });
}
