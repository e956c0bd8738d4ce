export {
  packFloats,
  packTimes,
  unpackFloats,
  unpackTimes,
  columnValuesMax,
  type ColumnLimits,
} from './column.ts';
