import http from 'k6/http';

export const options = {
  scenarios: {
    all: { executor: 'constant-arrival-rate', rate: 50, timeUnit: '1s', preAllocatedVUs: 20, duration: '5s' },
  },
  thresholds: { http_req_duration: ['p(95)<0.001', 'p(95)<60000'] },
};

export default function () {
  http.get(__ENV.BREAKWATER_URL);
}
