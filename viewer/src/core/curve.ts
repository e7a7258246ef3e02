// A smooth path through points of the patient: a centripetal Catmull-Rom spline, cut into equal lengths of arc, and at each of
// them a frame that turns no more about the path than it must (double reflection, Wang et al. 2008). LPS mm. Pure.

import { cross, dot, length, type Vector } from './geometry';
import { add, scaled, subtract, unit } from './plane';
import { STANDARD } from './reformat';

/** A place on the path. `right`, `down` and `normal` are those of the plane across it, as it is looked at. */
export interface Station {
  place: Vector;
  right: Vector;
  down: Vector;
  /** Along the path, or against it: as the standard plane faces that the middle station lies nearest to. */
  normal: Vector;
  /** Which two of the points it lies between: the first of them. */
  segment: number;
}

export interface Curve {
  points: readonly Vector[];
  stations: readonly Station[];
  /** Of arc from one station to the next, and of the whole, in mm. */
  step: number;
  length: number;
}

/** Pieces of the spline between two points, straight for the purpose of its length. */
const PIECES = 64;
/** Points nearer to each other than this are one, in mm. */
const ONE_PLACE = 0.1;

interface Piece {
  place: Vector;
  segment: number;
}

const distance = (a: Vector, b: Vector): number => length(subtract(a, b));
const mixed = (a: Vector, b: Vector, share: number): Vector => add(scaled(a, 1 - share), b, share);

/** The spline between the middle two of four points, at a share of the way (Barry and Goldman's pyramid). */
function between([p0, p1, p2, p3]: readonly [Vector, Vector, Vector, Vector], share: number): Vector {
  const t1 = Math.sqrt(distance(p0, p1));
  const t2 = t1 + Math.sqrt(distance(p1, p2));
  const t3 = t2 + Math.sqrt(distance(p2, p3));
  const at = t1 + (t2 - t1) * share;
  const mix = (a: Vector, b: Vector, from: number, to: number): Vector => mixed(a, b, (at - from) / (to - from));
  const [a, b, c] = [mix(p0, p1, 0, t1), mix(p1, p2, t1, t2), mix(p2, p3, t2, t3)];
  return mix(mix(a, b, 0, t2), mix(b, c, t1, t3), t1, t2);
}

function pieces(points: readonly Vector[]): Piece[] {
  const [first, second, last, lastButOne] = [points[0], points[1], points.at(-1), points.at(-2)] as Vector[];
  if (!first || !second || !last || !lastButOne) return [];
  const all = [mixed(second, first, 2), ...points, mixed(lastButOne, last, 2)];
  const out: Piece[] = [{ place: first, segment: 0 }];
  for (let segment = 0; segment < points.length - 1; segment += 1) {
    const four = all.slice(segment, segment + 4) as unknown as readonly [Vector, Vector, Vector, Vector];
    for (let k = 1; k <= PIECES; k += 1) out.push({ place: between(four, k / PIECES), segment });
  }
  return out;
}

/** Places at equal lengths of arc, both ends among them. */
function even(path: readonly Piece[], count: number, total: number): Piece[] {
  const out: Piece[] = [path[0] as Piece];
  const step = total / (count - 1);
  let [behind, at] = [0, 1];
  for (let k = 1; k < count - 1; k += 1) {
    let far = distance((path[at - 1] as Piece).place, (path[at] as Piece).place);
    while (behind + far < k * step && at < path.length - 1) {
      behind += far;
      at += 1;
      far = distance((path[at - 1] as Piece).place, (path[at] as Piece).place);
    }
    const [from, to] = [path[at - 1] as Piece, path[at] as Piece];
    out.push({ place: mixed(from.place, to.place, (k * step - behind) / far), segment: to.segment });
  }
  return [...out, path.at(-1) as Piece];
}

const mirrored = (v: Vector, across: Vector): Vector => add(v, across, (-2 * dot(across, v)) / dot(across, across));

/** Carries a direction across the path from one place to the next: mirrored there, and mirrored again onto the new tangent. */
function carried(right: Vector, [from, to]: readonly [Vector, Vector], [before, after]: readonly [Vector, Vector]): Vector {
  const chord = subtract(to, from);
  const bend = subtract(after, mirrored(before, chord));
  const once = mirrored(right, chord);
  const twice = dot(bend, bend) > 1e-12 ? mirrored(once, bend) : once;
  return unit(add(twice, after, -dot(twice, after)));
}

/** As the standard plane is looked at that is nearest to one across the path: to the right, and whether it faces along. */
function begun(tangent: Vector): { right: Vector; sign: number } {
  const nearest = Object.values(STANDARD).reduce((best, frame) => (Math.abs(dot(frame.normal, tangent)) > Math.abs(dot(best.normal, tangent)) ? frame : best));
  return { right: unit(add(nearest.right, tangent, -dot(nearest.right, tangent))), sign: dot(nearest.normal, tangent) < 0 ? -1 : 1 };
}

function framed(places: readonly Piece[]): Station[] {
  const at = (index: number): Vector => (places[Math.min(places.length - 1, Math.max(0, index))] as Piece).place;
  const tangents = places.map((_, index) => unit(subtract(at(index + 1), at(index - 1))));
  const middle = places.length >> 1;
  const { right: first, sign } = begun(tangents[middle] as Vector);
  const rights = new Map([[middle, first]]);
  const carry = (from: number, to: number): void => void rights.set(to, carried(rights.get(from) as Vector, [at(from), at(to)], [tangents[from] as Vector, tangents[to] as Vector]));
  for (let index = middle; index > 0; index -= 1) carry(index, index - 1);
  for (let index = middle; index < places.length - 1; index += 1) carry(index, index + 1);
  return places.map(({ place, segment }, index) => {
    const right = rights.get(index) as Vector;
    const normal = scaled(tangents[index] as Vector, sign);
    return { place, segment, right, normal, down: cross(normal, right) };
  });
}

/** Points in one place are one: the spline has no direction between them. */
export const distinct = (points: readonly Vector[]): Vector[] => points.filter((point, index) => index === 0 || distance(point, points[index - 1] as Vector) > ONE_PLACE);

/** The path through points in their order, its stations about `fine` mm apart, at most `most`; undefined for fewer than two places. */
export function curveThrough(given: readonly Vector[], fine: number, most: number): Curve | undefined {
  const points = distinct(given);
  if (points.length < 2) return undefined;
  const path = pieces(points);
  const total = path.slice(1).reduce((sum, { place }, index) => sum + distance((path[index] as Piece).place, place), 0);
  const count = Math.min(most, Math.max(3, Math.round(total / fine) + 1));
  return { points, stations: framed(even(path, count, total)), step: total / (count - 1), length: total };
}

/** The station nearest to a place. */
export function nearestStation({ stations }: Curve, place: Vector): number {
  return stations.reduce((best, station, index) => (distance(station.place, place) < distance((stations[best] as Station).place, place) ? index : best), 0);
}
