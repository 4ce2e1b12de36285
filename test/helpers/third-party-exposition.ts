/** An exposition of a third party: unusual label values, a timestamp, a family without HELP and TYPE. */
export const thirdPartyExposition = `# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{user="a,b=\\"c\\"}",path="/"} 1 1700000000000
requests_total{user="d",path="/"} 2
# HELP latency Latency in milliseconds
# TYPE latency histogram
latency_bucket{le="1"} 1
latency_bucket{le="+Inf"} 2
latency_sum 3
latency_count 2
go_version_info{version="1"} 1
`;
