export { packFloats, packTimes, unpackFloats, unpackTimes, type ColumnLimits } from './column.ts';
