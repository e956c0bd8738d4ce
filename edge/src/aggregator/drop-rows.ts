/** Makes all rows of a column NaN, and answers how many held a reading. */
export function dropRows(v: Float64Array): number {
  let count = 0;
  for (let row = 0; row < v.length; row++) {
    if (Number.isFinite(v[row])) count += 1;
    v[row] = Number.NaN;
  }
  return count;
}
