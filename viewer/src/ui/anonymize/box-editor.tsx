// A picture with the boxes that will be blanked: drawn, moved, resized and deleted by pointer or keys.

import { useRef, useState, type JSX, type KeyboardEvent, type PointerEvent } from 'react';
import { boxBetween, described, keyed, moved, resized, type Box, type Grip, type Point, type Size } from '../../core/anonymize/boxes';
import { t } from '../../core/language';

interface Props {
  picture: string;
  size: Size;
  boxes: readonly Box[];
  approved: boolean;
  onChange(boxes: readonly Box[]): void;
}

interface Drag {
  from: Point;
  index: number;
  /** Undefined while a new box is drawn. */
  grip: Grip | undefined;
  start: readonly Box[];
}

const CORNERS: readonly Grip[] = [
  { x: -1, y: -1 },
  { x: 1, y: -1 },
  { x: -1, y: 1 },
  { x: 1, y: 1 },
];

export function BoxEditor({ picture, size, boxes, approved, onChange }: Props): JSX.Element {
  const canvas = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<Drag>();
  const handle = Math.max(size.columns, size.rows) / 110;

  const at = (event: PointerEvent): Point => {
    const rect = canvas.current?.getBoundingClientRect();
    if (!rect) return { x: 0, y: 0 };
    return { x: ((event.clientX - rect.left) / rect.width) * size.columns, y: ((event.clientY - rect.top) / rect.height) * size.rows };
  };
  const begin = (event: PointerEvent, index: number, grip: Grip | undefined): void => {
    if (event.button !== 0) return;
    event.stopPropagation();
    canvas.current?.setPointerCapture(event.pointerId);
    setDrag({ from: at(event), index, grip, start: boxes });
  };
  const onMove = (event: PointerEvent): void => {
    if (!drag) return;
    const to = at(event);
    const [dx, dy] = [to.x - drag.from.x, to.y - drag.from.y];
    const old = drag.start[drag.index];
    if (!drag.grip || !old) onChange([...drag.start, boxBetween(drag.from, to, size)]);
    else if (drag.grip.x === 0) onChange(drag.start.with(drag.index, moved(old, dx, dy, size)));
    else onChange(drag.start.with(drag.index, resized(old, drag.grip, dx, dy, size)));
  };
  const onKey = (event: KeyboardEvent, index: number): void => {
    const box = boxes[index];
    if (!box) return;
    const next = keyed(box, event.key, { shift: event.shiftKey, ctrl: event.ctrlKey }, size);
    if (next) onChange(boxes.with(index, next));
    else if (event.key === 'Delete' || event.key === 'Backspace') onChange(boxes.toSpliced(index, 1));
    else return;
    event.preventDefault();
  };

  return (
    <div className="box-editor" data-approved={approved} style={{ aspectRatio: `${size.columns} / ${size.rows}` }}>
      <img src={picture} alt={t('Picture before')} draggable={false} />
      <svg
        ref={canvas}
        viewBox={`0 0 ${size.columns} ${size.rows}`}
        preserveAspectRatio="none"
        role="group"
        aria-label={t('Boxes to blank')}
        onPointerDown={(event) => begin(event, boxes.length, undefined)}
        onPointerMove={onMove}
        onPointerUp={() => setDrag(undefined)}
        onPointerCancel={() => setDrag(undefined)}
      >
        {boxes.map((box, index) => (
          <g key={index} className="blank-box" tabIndex={0} role="button" aria-label={t('{box}. Arrow keys move, Shift resizes, Delete removes', { box: described(box, index) })} onKeyDown={(event) => onKey(event, index)}>
            <rect x={box.left} y={box.top} width={box.right - box.left} height={box.bottom - box.top} onPointerDown={(event) => begin(event, index, { x: 0, y: 0 })} />
            {CORNERS.map((grip) => (
              <rect
                key={`${grip.x}${grip.y}`}
                className="blank-grip"
                data-grip={grip.x * grip.y > 0 ? 'nwse' : 'nesw'}
                x={(grip.x < 0 ? box.left : box.right) - handle}
                y={(grip.y < 0 ? box.top : box.bottom) - handle}
                width={2 * handle}
                height={2 * handle}
                onPointerDown={(event) => begin(event, index, grip)}
              />
            ))}
          </g>
        ))}
      </svg>
    </div>
  );
}
