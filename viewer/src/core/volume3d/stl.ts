// Binary STL: 80 bytes that say what it is, the number of triangles, then 50 bytes each: normal, three corners, two of nothing. Pure.

import { cross, length, type Vector } from '../geometry';
import { subtract } from '../plane';

const RECORD = 50;
/** Triangles of a piece. */
const PIECE = 20_000;
/** Text files begin with "solid". */
const HEADER = 'Isocenter: surface in patient coordinates, LPS, mm';

export class StlWriter {
  triangles = 0;
  private view = new DataView(new ArrayBuffer(PIECE * RECORD));

  /** `give` takes the pieces of the file, which follow its header. */
  constructor(private readonly give: (piece: Uint8Array<ArrayBuffer>) => void) {}

  readonly take = (a: Vector, b: Vector, c: Vector): void => {
    const at = (this.triangles % PIECE) * RECORD;
    const normal = cross(subtract(b, a), subtract(c, a));
    const size = length(normal) || 1;
    this.put(at, [normal[0] / size, normal[1] / size, normal[2] / size]);
    this.put(at + 12, a);
    this.put(at + 24, b);
    this.put(at + 36, c);
    this.triangles += 1;
    if (this.triangles % PIECE === 0) this.flush(PIECE);
  };

  /** Gives what is left; returns the header. */
  finish(): Uint8Array<ArrayBuffer> {
    const header = new Uint8Array(84);
    for (let index = 0; index < HEADER.length; index += 1) header[index] = HEADER.charCodeAt(index);
    new DataView(header.buffer).setUint32(80, this.triangles, true);
    if (this.triangles % PIECE > 0) this.flush(this.triangles % PIECE);
    return header;
  }

  private flush(triangles: number): void {
    this.give(new Uint8Array(this.view.buffer.slice(0, triangles * RECORD)));
  }

  private put(at: number, [x, y, z]: Vector): void {
    this.view.setFloat32(at, x, true);
    this.view.setFloat32(at + 4, y, true);
    this.view.setFloat32(at + 8, z, true);
  }
}
