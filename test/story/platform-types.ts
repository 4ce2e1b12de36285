/** The platform's own types, as its packages declare them: the recorders accept them by structure. */

export interface WorkflowContext {
  workflowId: string;
  workflowType: string;
  provider: string;
  platform: string;
  /** Properties that no recorder reads. */
  startedBy?: string;
}

export interface WorkflowStep {
  id: string;
  name: string;
  dependsOn: string[];
}

export interface MessageRequest {
  model: string;
  messages: { role: 'user' | 'assistant'; content: string }[];
  maxTokens?: number;
}

export interface MessageChunk {
  content: string;
  tokens?: number;
}

export interface Issue {
  number: number;
  title: string;
  repository: string;
}

export interface PullRequest {
  number: number;
  repository: string;
  createdAt: Date;
  mergedAt?: Date | undefined;
}

export const context: WorkflowContext = {
  workflowId: 'run-17',
  workflowType: 'autonomous-development',
  provider: 'anthropic-claude',
  platform: 'github',
  startedBy: 'schedule',
};

export const request: MessageRequest = {
  model: 'claude-sonnet',
  messages: [{ role: 'user', content: 'Fix the flaky test.' }],
};

export const pullRequest: PullRequest = {
  number: 7,
  repository: 'acme/app',
  createdAt: new Date('2024-05-01T00:00:00Z'),
  mergedAt: new Date('2024-05-02T12:00:00Z'),
};
