import { Histogram, type Registry } from 'prom-client';
import { histogramBoundsSec, type LatencyHistogram } from './latency-histogram.ts';

/** Samples of one histogram with their labels. */
export interface HistogramSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly histogram: LatencyHistogram;
}

/** A histogram of Prometheus whose figures were counted elsewhere. */
export class FilledHistogram extends Histogram {
  readonly #about: { readonly name: string; readonly help: string };
  readonly #samples: readonly HistogramSample[];

  constructor(
    about: { readonly name: string; readonly help: string; readonly registry: Registry },
    samples: readonly HistogramSample[],
  ) {
    const { name, help, registry } = about;
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
    super({ name, help, labelNames, buckets: [...histogramBoundsSec], registers: [registry] });
    this.#about = { name, help };
    this.#samples = samples;
  }

  /** What the registry of prom-client asks a metric for when it writes it, before anything that its types name. */
  async getForPromString(): Promise<object> {
    const { name, help } = this.#about;
    const values = this.#samples.flatMap(({ labels, histogram }) => [
      ...histogram.cumulative().map((value, index) => ({
        labels: { ...labels, le: histogramBoundsSec[index] ?? '+Inf' },
        value,
        metricName: `${name}_bucket`,
      })),
      { labels: { ...labels, le: '+Inf' }, value: histogram.count, metricName: `${name}_bucket` },
      { labels, value: histogram.sumSec, metricName: `${name}_sum` },
      { labels, value: histogram.count, metricName: `${name}_count` },
    ]);
    return { name, help, type: 'histogram', values };
  }
}
