import { describe, expect, it } from 'vitest';
import * as topics from './topic.ts';

describe('topics', () => {
  it('are built and parsed back', () => {
    const built = {
      batch: topics.batchTopic('lab-1'),
      status: topics.statusTopic('lab-1'),
      'config/desired': topics.desiredTopic('lab-1'),
      'config/reported': topics.reportedTopic('lab-1'),
      command: topics.commandTopic('lab-1'),
      'command/reply': topics.replyTopic('lab-1'),
    };
    for (const [kind, topic] of Object.entries(built)) {
      expect(topic).toBe(`fieldline/v1/lab-1/${kind}`);
      expect(topics.parseTopic(topic)).toEqual({ device: 'lab-1', kind });
    }
  });

  it('are not anything else', () => {
    const others = [
      'a/batch',
      'A/batch',
      '+/batch',
      '#',
      'a',
      'a/',
      'a/batch/',
      'a/batch/x',
      '/batch',
      'a/other',
    ];
    const wrong = others.slice(1).map((rest) => `fieldline/v1/${rest}`);
    for (const topic of [
      'a/batch',
      'fieldline/v2/a/batch',
      `fieldline/v1/${'a'.repeat(64)}/batch`,
      ...wrong,
    ]) {
      expect(topics.parseTopic(topic), topic).toBe(undefined);
    }
  });
});
