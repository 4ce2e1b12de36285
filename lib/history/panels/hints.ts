/** What to write to get the sections that a service does not have yet. */
import type { Hint } from '../panel.js';

export const hints: readonly Hint[] = [
  {
    id: 'http',
    title: 'HTTP requests',
    text: 'Mount the middleware before the routes. It measures rate, errors and latency by route.',
    code: "import { requestMetrics } from '@tamma/observability/middleware';\n\napp.use(requestMetrics());",
  },
  {
    id: 'methods',
    title: 'Methods',
    text: 'Decorate the methods that do the work. Each is counted and timed, by class and method.',
    code: "import { Counted, Timed } from '@tamma/observability/decorators';\n\nclass Orders {\n  @Timed()\n  @Counted()\n  async place(order: Order): Promise<void> {}\n}",
  },
  {
    id: 'further',
    title: 'Your own metrics',
    text: 'Define a metric once, and record it anywhere. It appears here after the first recording.',
    code: "import { defineHistogram, label, sharedRegistry } from '@tamma/observability';\n\nconst importDuration = sharedRegistry.histogram(\n  defineHistogram({\n    name: 'import_duration_seconds',\n    help: 'Time of an import, in seconds.',\n    labels: { source: label() },\n  }),\n);\nimportDuration.observe({ source: 'github' }, 1.5);",
  },
  {
    id: 'ai',
    title: 'AI providers',
    text: 'Decorate the method that sends a request to an AI provider. It records requests, errors, duration, tokens and cost.',
    code: "import { ProviderRequest } from '@tamma/observability/decorators';\n\nclass ClaudeProvider {\n  @ProviderRequest({ labels: { provider: 'anthropic-claude' } })\n  async send(request: MessageRequest): Promise<Message> {}\n}",
  },
  {
    id: 'issues',
    title: 'Issues and workflows',
    text: 'Decorate the method that runs a workflow. It records issues, outcomes and durations.',
    code: "import { WorkflowRun } from '@tamma/observability/decorators';\n\nclass IssueWorkflow {\n  @WorkflowRun({ labels: { workflow_type: 'issue' }, issueType: ({ args: [issue] }) => issue.type })\n  async run(issue: Issue): Promise<void> {}\n}",
  },
  {
    id: 'health',
    title: 'Health checks',
    text: 'Add the checks on which readiness depends.',
    code: "metrics.health.add('database', databaseCheck(() => pool.query('select 1')));",
  },
];
