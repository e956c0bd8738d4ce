import type { Status } from '@fieldline/protocol';

/** What the registry knows of one device. Its password hash never leaves the registry. */
export interface DeviceRecord {
  readonly id: string;
  readonly createdAtUs: number;
  readonly revoked: boolean;
  /** A session of it is open now. */
  readonly online: boolean;
  /** When anything of it last arrived; null before the first message. */
  readonly lastSeenUs: number | null;
  /** Its newest status message; null before the first. */
  readonly status: Status | null;
  /** Tags from its reported configuration. */
  readonly tags: Readonly<Record<string, string>>;
}
