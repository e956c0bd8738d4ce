/** Names a batch in the outbox without decoding it. */
export interface BatchName {
  readonly epoch: string;
  readonly seq: number;
}

/** The key of a sealed batch, or of one that was copied to the end so that the log before it could go. */
export function batchKey({ epoch, seq }: BatchName, carried = false): string {
  return `${carried ? 'carried' : 'sealed'}/${epoch}/${seq}`;
}

/** Reads a key; undefined where another program wrote it. */
export function parseBatchKey(key: string): (BatchName & { carried: boolean }) | undefined {
  const [kind, epoch, seqText, ...rest] = key.split('/');
  const seq = Number(seqText);
  if ((kind !== 'sealed' && kind !== 'carried') || !epoch || !Number.isInteger(seq) || rest.length > 0)
    return undefined;
  return { epoch, seq, carried: kind === 'carried' };
}
