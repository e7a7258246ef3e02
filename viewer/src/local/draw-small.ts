// The small picture of a local object, drawn in the browser with the window of the file.

import { t } from '../core/language';
import { DEFAULT_CHOICE, shownGrey, startsInverted, storedNodes } from '../core/display';
import { text, type DataSet } from '../core/dicom-json';
import { readPixelDescription } from '../core/pixels';
import { displaySets } from '../core/stack';
import type { Bitmap } from '../core/viewport-port';
import type { DicomWebClient, EncodedFrame } from '../net/dicomweb';
import { loadPalette } from '../net/palette';
import { loadTables } from '../net/lookup-tables';
import type { DecodePool } from '../viewport/decode/pool';
import { develop } from '../viewport/canvas/drawing';

const LONGEST = 256;

export async function drawSmall(dataSet: DataSet, frame: number, encoded: EncodedFrame, client: DicomWebClient, pool: Pick<DecodePool, 'decode'>): Promise<Blob> {
  const pictures = displaySets([dataSet]).flatMap((set) => set.pictures);
  const picture = pictures.find((one) => one.frame === frame) ?? pictures[0];
  if (!picture) throw new Error(t('The object has no picture'));
  const description = readPixelDescription(dataSet);
  await loadTables(client, dataSet, picture.attributes);
  const palette = description.PhotometricInterpretation === 'PALETTE COLOR' ? await loadPalette(client, dataSet) : undefined;
  const decoded = await pool.decode({ ...encoded, description, ...(palette ? { palette } : {}) });
  const bitmap: Bitmap = { ...decoded, id: picture.id, columns: description.Columns, rows: description.Rows, pixelWidth: 1, pixelHeight: 1 };
  const modality = text(dataSet, 'Modality');
  const setting = { choice: DEFAULT_CHOICE, inverted: startsInverted(modality) };
  const nodes = bitmap.samples === 3 ? [] : storedNodes(shownGrey(picture, bitmap, modality, setting).nodes, picture, bitmap, setting);
  const whole = document.createElement('canvas');
  develop(bitmap, nodes, whole);
  const scale = Math.min(1, LONGEST / Math.max(whole.width, whole.height));
  const small = new OffscreenCanvas(Math.max(1, Math.round(whole.width * scale)), Math.max(1, Math.round(whole.height * scale)));
  const context = small.getContext('2d');
  if (!context) throw new Error(t('The picture cannot be drawn'));
  context.drawImage(whole, 0, 0, small.width, small.height);
  return small.convertToBlob({ type: 'image/png' });
}
