import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketIndexOf } from './bucket-index.ts';
import { Sketch } from './sketch.ts';

const accuracies = fc.constantFrom(0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.5);

/** The sketch of the definition: one logarithm a value. */
function oneByOne(values: readonly number[], relativeAccuracy: number): Sketch {
  const sketch = new Sketch({ relativeAccuracy });
  for (const value of values) sketch.record(value);
  return sketch;
}

function asBlock(values: Float64Array, relativeAccuracy: number): Sketch {
  const sketch = new Sketch({ relativeAccuracy });
  sketch.recordBlock(values);
  return sketch;
}

describe('blocks of a sketch', () => {
  it('fall into the buckets of the logarithm, to the last bit, whatever the values', () => {
    const values = fc.array(fc.oneof(fc.double(), fc.double({ min: -40, max: 40 }), fc.constantFrom(0, -0)));
    fc.assert(
      fc.property(values, accuracies, (list, accuracy) => {
        const block = asBlock(Float64Array.from(list), accuracy);
        expect(block.encode()).toEqual(oneByOne(list, accuracy).encode());
      }),
      { numRuns: 1000 },
    );
  });

  it('do so on both sides of every edge of four octaves', () => {
    for (const accuracy of [0.001, 0.01, 0.1]) {
      const { logGamma } = bucketIndexOf(accuracy);
      const edges: number[] = [];
      for (let bucket = Math.ceil(-2 / logGamma); bucket <= 2 / logGamma; bucket++) {
        const edge = Math.exp(bucket * logGamma);
        for (let ulps = -3; ulps <= 3; ulps++) edges.push(edge * (1 + ulps * Number.EPSILON), -edge);
      }
      expect(asBlock(Float64Array.from(edges), accuracy).encode()).toEqual(
        oneByOne(edges, accuracy).encode(),
      );
    }
  });

  it('may be part of a larger array, and end where octaves have no cells', () => {
    const all = Float64Array.from({ length: 4000 }, (_, index) => 2 ** (index / 2 - 1000));
    const part = all.subarray(7, 3990);
    expect(asBlock(part, 0.01).encode()).toEqual(oneByOne([...part], 0.01).encode());
    expect(asBlock(Float64Array.of(5e-324, 2e-308, 1.5), 0.01).count).toBe(3);
  });
});
