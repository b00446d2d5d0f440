import { meanOf, type Results, type Row, short } from './report.ts';

const WIDTH = 760;
const LEFT = 130;
const RIGHT = 60;
const BAR = 9;
const GAP = 12;
const TOP = 60;
const ROOM = 34;
const COLOURS = ['#8a8f98', '#c2571a', '#2b7a78', '#5b5ea6'];

/** The results as an SVG: a bar for each warm figure, a tick where the cold one was, a thin one for the first round, on a logarithmic scale. */
export function plot({ contestants, rows }: Results): string {
  const all = [...rows, meanOf('geometric mean', rows)];
  const most = Math.max(...all.flatMap(({ first, cold, warm }) => [...first, ...cold, ...warm]));
  const scale = (figure: number) =>
    LEFT + (Math.log10(Math.max(figure, 1)) / Math.log10(most)) * (WIDTH - LEFT - RIGHT);
  const rowHeight = contestants.length * BAR + GAP;
  const height = TOP + all.length * rowHeight + 30;
  const parts = [
    ...grid(most, scale, height),
    ...legend(contestants),
    ...all.flatMap((row, n) => bars(row, TOP + n * rowHeight, scale)),
  ];
  const title = `Ten kernels on ${contestants.join(', ')}: time as a multiple of the real processor`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}" font-family="sans-serif" font-size="11" fill="currentColor">
${parts.join('\n')}
</svg>
`;
}

function grid(most: number, scale: (figure: number) => number, height: number): string[] {
  const lines: string[] = [];
  for (let power = 1; power <= most; power *= 10) {
    for (const figure of [power, 2 * power, 5 * power].filter((figure) => figure <= most)) {
      const x = scale(figure).toFixed(1);
      lines.push(
        `<line x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${height - 24}" stroke="currentColor" stroke-opacity="0.15"></line>`,
        `<text x="${x}" y="${height - 10}" text-anchor="middle">${figure}x</text>`,
      );
    }
  }
  return lines;
}

function legend(contestants: string[]): string[] {
  return contestants
    .flatMap((name, n) => [
      `<rect x="${LEFT + n * 130}" y="20" width="10" height="10" fill="${COLOURS[n]}"></rect>`,
      `<text x="${LEFT + n * 130 + 15}" y="29">${name}</text>`,
    ])
    .concat(
      `<text x="${LEFT}" y="46" font-size="9">bar and figure: warm; tick: the first 50 ms of native work in a fresh process; thin tick: the first run alone; 1x is the real processor</text>`,
    );
}

function bars({ kernel, first, cold, warm }: Row, top: number, scale: (figure: number) => number): string[] {
  const middle = top + (warm.length * BAR) / 2 + 4;
  const parts = [`<text x="${LEFT - 8}" y="${middle}" text-anchor="end">${kernel}</text>`];
  for (const [n, figure] of warm.entries()) {
    const y = top + n * BAR;
    const end = scale(figure);
    const ticks = [scale(cold[n]!), scale(first[n]!)];
    // The figure stands behind the bar, or behind a tick if there is no room between the two.
    const figureAt = ticks.reduce((at, tick) => (tick > at && tick < at + ROOM ? tick : at), end);
    parts.push(
      `<rect x="${LEFT}" y="${y}" width="${Math.max(1, end - LEFT).toFixed(1)}" height="${BAR - 1}" fill="${COLOURS[n]}"></rect>`,
      ...ticks.map((tick, thin) => {
        const x = tick.toFixed(1);
        return `<line x1="${x}" y1="${y}" x2="${x}" y2="${y + BAR - 1}" stroke="${COLOURS[n]}" stroke-width="${2 - thin}"></line>`;
      }),
      `<text x="${(figureAt + 4).toFixed(1)}" y="${y + BAR - 1}" font-size="8">${short(figure)}</text>`,
    );
  }
  return parts;
}
