import http from 'k6/http';

export const options = {
  scenarios: {
    all: {
      executor: 'constant-arrival-rate',
      rate: 50,
      timeUnit: '1s',
      preAllocatedVUs: 20,
      duration: '10m',
    },
  },
};

export default function () {
  http.get(__ENV.BREAKWATER_URL);
}
