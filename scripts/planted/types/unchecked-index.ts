/** An error only under `noUncheckedIndexedAccess`: the proof that the strict options reach the compiler. */
export const first: number = [1, 2, 3][0];
