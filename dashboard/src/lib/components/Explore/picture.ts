/** The part of the picture that names its charts, in CSS pixels. */
const headPx = 34;
const rimPx = 16;

/** Draws the charts within `section`, with the time axis above them, into one PNG; undefined where none is drawn yet. */
export async function chartsPicture(section: HTMLElement, title: string): Promise<Blob | undefined> {
  const axis = section.querySelector<HTMLCanvasElement>('[data-axis] canvas');
  const charts = [...section.querySelectorAll<HTMLElement>('[data-chart]')].flatMap((article) => {
    const canvas = article.querySelector('canvas');
    return canvas ? [{ name: article.getAttribute('aria-label') ?? '', canvas }] : [];
  });
  if (charts.length === 0 || !axis) return undefined;
  const ratio = devicePixelRatio;
  const width = Math.max(...charts.map(({ canvas }) => canvas.width)) + 2 * rimPx * ratio;
  const height = charts.reduce(
    (sum, { canvas }) => sum + canvas.height + headPx * ratio,
    axis.height + headPx * ratio,
  );
  const picture = new OffscreenCanvas(width, height + rimPx * ratio);
  const context = picture.getContext('2d');
  if (!context) return undefined;
  const style = getComputedStyle(document.documentElement);
  context.fillStyle = style.getPropertyValue('--paper');
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = style.getPropertyValue('--ink');
  context.textBaseline = 'middle';
  const write = (text: string, y: number, weight: number) => {
    context.font = `${weight} ${13 * ratio}px ${style.getPropertyValue('--font')}`;
    context.fillText(text, rimPx * ratio, y);
  };
  write(title, (headPx / 2) * ratio, 560);
  let y = headPx * ratio;
  context.drawImage(axis, rimPx * ratio, y);
  y += axis.height;
  for (const { name, canvas } of charts) {
    write(name, y + (headPx / 2) * ratio, 400);
    context.drawImage(canvas, rimPx * ratio, y + headPx * ratio);
    y += headPx * ratio + canvas.height;
  }
  return picture.convertToBlob({ type: 'image/png' });
}
