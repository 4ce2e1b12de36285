/** Every public member of the story, with the test in this folder that uses it. `README.md` shows it as a table. */

export interface CoveredMembers {
  readonly file: string;
  readonly test: string;
  /** As written in code: names, names of metrics, paths. */
  readonly members: readonly string[];
}

export interface StoryType {
  readonly type: string;
  readonly covered: readonly CoveredMembers[];
}

const of = (file: string, test: string, ...members: string[]): CoveredMembers => ({ file, test, members });

export const storyTypes: readonly StoryType[] = [
  {
    type: 'MetricsCollector',
    covered: [
      of(
        'interfaces.test.ts',
        'MetricsCollector: a user’s class with its six methods can replace the collector of the package',
        'incrementCounter',
        'setGauge',
        'incrementGauge',
        'decrementGauge',
        'observeHistogram',
        'startTimer',
      ),
    ],
  },
  {
    type: 'MetricDefinition',
    covered: [
      of(
        'interfaces.test.ts',
        'MetricDefinition: plain objects of each type can be registered',
        'name',
        'type',
        'help',
        'labels',
        'buckets',
      ),
    ],
  },
  {
    type: 'MetricLabels',
    covered: [
      of(
        'interfaces.test.ts',
        'MetricLabels: each label reaches the metric that declares it, in snake case',
        'provider',
        'platform',
        'issueType',
        'outcome',
        'workflowId',
        'stepId',
        'userId',
        'repository',
        'errorType',
        'severity',
      ),
    ],
  },
  {
    type: 'PrometheusMetricsCollector',
    covered: [
      of(
        'collector.test.ts',
        'a collector needs no arguments, and a second one has the same metrics',
        'PrometheusMetricsCollector',
      ),
      of(
        'collector.test.ts',
        'counters are registered with or without labels, and incremented by 1 or by a value',
        'registerCounter',
        'incrementCounter',
      ),
      of(
        'collector.test.ts',
        'gauges are set, incremented and decremented, by 1 or by a value',
        'registerGauge',
        'setGauge',
        'incrementGauge',
        'decrementGauge',
      ),
      of(
        'collector.test.ts',
        'histograms have their own buckets, or those for durations',
        'registerHistogram',
        'observeHistogram',
      ),
      of('collector.test.ts', 'a timer observes the seconds between its start and its stop', 'startTimer'),
      of(
        'collector.test.ts',
        'getMetrics returns the text of a scrape, with help, type and samples of every metric',
        'getMetrics',
      ),
    ],
  },
  {
    type: 'metrics of a new collector',
    covered: [
      of(
        'collector.test.ts',
        'a new collector records the platform’s metrics by name, without registration',
        'issues_processed_total',
        'prs_created_total',
        'prs_merged_total',
        'escalations_total',
        'active_autonomous_loops',
        'pending_approvals',
        'queue_depth',
        'issue_completion_duration_seconds',
        'ai_request_duration_seconds',
        'test_execution_duration_seconds',
        'workflow_step_duration_seconds',
        'errors_total',
        'api_requests_total',
        'api_request_duration_seconds',
      ),
    ],
  },
  {
    type: 'WorkflowMetrics',
    covered: [
      of(
        'workflow-metrics.test.ts',
        'recordWorkflowStart(context) counts the run and makes it active',
        'WorkflowMetrics',
        'recordWorkflowStart',
      ),
      of(
        'workflow-metrics.test.ts',
        'recordWorkflowComplete(context, seconds) counts a success, times the run and ends it',
        'recordWorkflowComplete',
      ),
      of(
        'workflow-metrics.test.ts',
        'recordWorkflowError(context, error) counts a failure and the error by its class, and ends the run',
        'recordWorkflowError',
      ),
      of(
        'workflow-metrics.test.ts',
        'recordStepStart(step, context) returns a function that times the step',
        'recordStepStart',
      ),
      of(
        'workflow-metrics.test.ts',
        'recordStepComplete(step, context, seconds) times the step',
        'recordStepComplete',
      ),
      of(
        'workflow-metrics.test.ts',
        'recordStepError(step, context, error) counts the error of the step by its class',
        'recordStepError',
      ),
      of(
        'workflow-metrics.test.ts',
        'recordIssueProcessed(context, outcome) counts each of the three outcomes',
        'recordIssueProcessed',
      ),
      of(
        'workflow-metrics.test.ts',
        'recordEscalation(reason, severity, context) counts by reason and severity; free text is `other`',
        'recordEscalation',
      ),
    ],
  },
  {
    type: 'WorkflowContext, WorkflowStep',
    covered: [
      of(
        'workflow-metrics.test.ts',
        'WorkflowContext and WorkflowStep are structural types, so classes of the platform can be passed',
        'workflowId',
        'workflowType',
        'provider',
        'platform',
        'name',
      ),
    ],
  },
  {
    type: 'ProviderMetrics',
    covered: [
      of(
        'provider-metrics.test.ts',
        'recordRequestStart(providerName, request) counts the request and returns its timer',
        'ProviderMetrics',
        'recordRequestStart',
      ),
      of(
        'provider-metrics.test.ts',
        'recordRequestComplete(providerName, request, chunks, seconds) counts the success and its tokens as output',
        'recordRequestComplete',
      ),
      of(
        'provider-metrics.test.ts',
        'recordRequestError(providerName, request, error) counts the failure and the error by its class',
        'recordRequestError',
      ),
      of(
        'provider-metrics.test.ts',
        'recordRateLimit(providerName, resetTime) counts, and counts down to the reset',
        'recordRateLimit',
      ),
      of(
        'provider-metrics.test.ts',
        'recordTokenUsage(providerName, model, inputTokens, outputTokens) counts tokens by type, and no total',
        'recordTokenUsage',
      ),
    ],
  },
  {
    type: 'MessageRequest, MessageChunk',
    covered: [
      of(
        'provider-metrics.test.ts',
        'recordTokenUsage(providerName, model, inputTokens, outputTokens) counts tokens by type, and no total',
        'model',
      ),
      of(
        'provider-metrics.test.ts',
        'recordRequestComplete(providerName, request, chunks, seconds) counts the success and its tokens as output',
        'tokens',
      ),
    ],
  },
  {
    type: 'PlatformMetrics',
    covered: [
      of(
        'platform-metrics.test.ts',
        'recordAPIRequest(platformName, endpoint, method, statusCode, seconds) counts and times the request',
        'PlatformMetrics',
        'recordAPIRequest',
      ),
      of(
        'platform-metrics.test.ts',
        'recordIssueCreated(platformName, issue) counts by repository',
        'recordIssueCreated',
      ),
      of(
        'platform-metrics.test.ts',
        'recordPRCreated(platformName, pr) counts by repository',
        'recordPRCreated',
      ),
      of(
        'platform-metrics.test.ts',
        'recordPRMerged(platformName, pr) counts the merge, and its hours from createdAt to mergedAt',
        'recordPRMerged',
      ),
      of(
        'platform-metrics.test.ts',
        'recordRateLimit(platformName, resetTime) counts, and a reset in the past is 0',
        'recordRateLimit',
      ),
      of(
        'platform-metrics.test.ts',
        'recordWebhookReceived(platformName, eventType) counts by event',
        'recordWebhookReceived',
      ),
      of(
        'platform-metrics.test.ts',
        'recordWebhookProcessed(platformName, eventType, success) counts true as success and false as failure',
        'recordWebhookProcessed',
      ),
    ],
  },
  {
    type: 'Issue, PullRequest',
    covered: [
      of(
        'platform-metrics.test.ts',
        'recordPRMerged(platformName, pr) counts the merge, and its hours from createdAt to mergedAt',
        'repository',
        'createdAt',
        'mergedAt',
      ),
    ],
  },
  {
    type: 'MetricsEndpoint',
    covered: [
      of(
        'metrics-endpoint.test.ts',
        'GET /metrics returns what the collector recorded',
        'MetricsEndpoint',
        '/metrics',
      ),
      of('metrics-endpoint.test.ts', 'GET /health returns { status, timestamp, uptime }', '/health'),
      of(
        'metrics-endpoint.test.ts',
        'GET /ready returns 200 and ready, or 503 and not ready if a check fails',
        '/ready',
      ),
      of('metrics-endpoint.test.ts', 'registerRoutes also accepts a router', 'registerRoutes'),
    ],
  },
  {
    type: 'MetricsConfig',
    covered: [
      of(
        'config.test.ts',
        'enabled: the response to a scrape is 404 with false, and 200 with true',
        'enabled',
      ),
      of(
        'config.test.ts',
        'endpoint, port and path set where the metrics are served',
        'endpoint',
        'port',
        'path',
      ),
      of('config.test.ts', 'labels are added to every pushed series', 'labels'),
      of(
        'config.test.ts',
        'buckets: duration and size apply to histograms of the catalogue, throughput to rates',
        'buckets',
        'duration',
        'size',
        'throughput',
      ),
      of(
        'config.test.ts',
        'retention: metrics sets the days that Prometheus keeps metrics, in the bundle',
        'retention',
        'metrics',
      ),
      of('config.test.ts', 'retention: samples is a setting of the service', 'samples'),
      of(
        'config.test.ts',
        'defaultMetricsConfig has every field, with the defaults of an empty environment',
        'defaultMetricsConfig',
      ),
      of(
        'config.test.ts',
        'loadMetricsConfig reads the seven variables of the story',
        'METRICS_ENABLED',
        'METRICS_ENDPOINT',
        'METRICS_PORT',
        'METRICS_PATH',
        'SERVICE_NAME',
        'APP_VERSION',
        'NODE_ENV',
      ),
    ],
  },
  {
    type: 'MetricsAggregator',
    covered: [
      of('aggregation.test.ts', 'an aggregator needs no arguments', 'MetricsAggregator'),
      of(
        'aggregation.test.ts',
        'addRule accepts a rule of five fields, and aggregate(metrics) applies it after the default rules',
        'addRule',
        'aggregate',
      ),
      of(
        'aggregation.test.ts',
        'success_rate is the share of processed issues that succeeded, or 0 without issues',
        'issues_success_rate',
      ),
      of(
        'aggregation.test.ts',
        'average_duration is the mean of the durations, or 0 without durations',
        'issues_average_completion_duration_seconds',
      ),
    ],
  },
  {
    type: 'AggregationRule',
    covered: [
      of(
        'aggregation.test.ts',
        'addRule accepts a rule of five fields, and aggregate(metrics) applies it after the default rules',
        'name',
        'matches',
        'aggregate',
        'outputName',
        'outputLabels',
      ),
    ],
  },
  {
    type: 'MetricData',
    covered: [
      of(
        'aggregation.test.ts',
        'a rule reads the name, value, labels and timestamp of each sample',
        'name',
        'value',
        'labels',
        'timestamp',
      ),
    ],
  },
  {
    type: 'AggregatedMetrics',
    covered: [
      of(
        'aggregation.test.ts',
        'addRule accepts a rule of five fields, and aggregate(metrics) applies it after the default rules',
        'name',
        'value',
        'labels',
        'timestamp',
      ),
    ],
  },
];
