export { defineErrors, type ErrorEntry } from './codes/define.ts';
export { FieldlineError } from './fieldline-error.ts';
export { errorEntry, errorRegistry, type ErrorCode } from './registry.ts';
export { accepted, refused, type Refusal, type Result } from './result.ts';
