// Beside a picture in colours: what the colours mean, with values at both ends and in the middle.

import type { CSSProperties, JSX } from 'react';
import { gradientOf } from '../../core/colour-maps';
import type { ColourScale } from '../../core/display';
import { formatValue } from '../../core/modality';

export function ColourBar({ scale: { nodes, unit } }: { scale: ColourScale }): JSX.Element {
  const [low, high] = [nodes[0]?.value ?? 0, nodes.at(-1)?.value ?? 0];
  const style: CSSProperties = { background: gradientOf(nodes, 'to top') };
  return (
    <div className="colour-bar" data-testid="colour-bar">
      <div className="colour-bar-strip" style={style} />
      <div className="colour-bar-values">
        <span>{`${formatValue(high)} ${unit}`.trim()}</span>
        <span>{formatValue((low + high) / 2)}</span>
        <span>{formatValue(low)}</span>
      </div>
    </div>
  );
}
