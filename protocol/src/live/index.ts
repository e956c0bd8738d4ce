export {
  decodeLiveFrame,
  encodeLiveFrame,
  LiveFrameWriter,
  type LiveFrame,
  type LiveReadingColumns,
  type LiveWindowColumns,
} from './live-frame.ts';
export { liveBinaryProtocol } from './live-protocol.ts';
export { LiveTable, liveNumbersMax } from './live-table.ts';
