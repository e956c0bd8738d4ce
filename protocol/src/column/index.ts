export {
  packFloats,
  packPlainFloats,
  packTimes,
  unpackFloats,
  unpackTimes,
  columnValuesMax,
  type ColumnLimits,
} from './column.ts';
export { unpackOneDecimal } from './one-decimal.ts';
