// What the sources say to people: the texts given to t(), those of tables, and literals that bypass the languages.

import ts from 'typescript';

const files = import.meta.glob<string>(['../src/**/*.{ts,tsx}', '!../src/**/*.d.ts'], { eager: true, query: '?raw', import: 'default' });

/** Where texts stand in a table that is translated where it is shown: names of properties, places in tuples, functions that make a row of their first argument. */
type Columns = readonly (string | number)[];
const TABLES: readonly (readonly [file: string, table: string, columns: Columns])[] = [
  ['core/colour-maps.ts', 'COLOUR_MAPS', ['label']],
  ['core/commands.ts', 'COMMANDS', ['title', 'group']],
  ['core/correction.ts', 'PATIENT_FIELDS', ['label']],
  ['core/correction.ts', 'STUDY_FIELDS', ['label']],
  ['core/correction.ts', 'SEXES', [1]],
  ['core/hanging/protocols.ts', '*', ['name']],
  ['core/measure/angle.ts', '*', ['title']],
  ['core/measure/arrow.ts', '*', ['title']],
  ['core/measure/bidirectional.ts', '*', ['title']],
  ['core/measure/calibration.ts', '*', ['title']],
  ['core/measure/circle.ts', '*', ['title']],
  ['core/measure/cobb.ts', '*', ['title']],
  ['core/measure/ellipse.ts', '*', ['title']],
  ['core/measure/ellipsoid.ts', '*', ['title']],
  ['core/measure/freehand.ts', '*', ['title']],
  ['core/measure/isocontour-tool.ts', '*', ['title']],
  ['core/measure/length.ts', '*', ['title']],
  ['core/measure/path.ts', '*', ['title']],
  ['core/measure/probe.ts', '*', ['title']],
  ['core/measure/rectangle.ts', '*', ['title']],
  ['core/phases.ts', 'WAYS', ['title']],
  ['core/phases.ts', 'clocks', [0]],
  ['core/picture-info.ts', '*', ['provenance']],
  ['core/presets.ts', 'CT', ['label']],
  ['core/reformat.ts', 'TITLES', ['axial', 'coronal', 'sagittal']],
  ['core/slide/picture.ts', 'SOURCES', ['Imaged Volume']],
  ['core/spacing.ts', '*', ['provenance']],
  ['core/stack.ts', 'SLIDE_PARTS', ['LABEL', 'OVERVIEW', 'LOCALIZER']],
  ['core/structures/dvh-table.ts', '*', ['title', 'dose()']],
  ['core/suv.ts', 'SUV_KINDS', ['title']],
  ['core/volume3d/transfer.ts', '*', ['label']],
  ['ui/anonymize/project-step.tsx', 'TARGETS', [1, 2]],
  ['ui/anonymize/project-step.tsx', 'BURNED_IN', ['sequester', 'blank', 'ocr', 'ocr-technical', 'keep']],
  ['ui/study-list/filter-bar.tsx', 'RANGES', [1]],
  ['ui/study-list/filter-bar.tsx', 'STATUS_NAMES', ['arriving', 'conflict', 'corrected', 'report', 'key-images']],
  ['ui/study-list/study-list-page.tsx', 'ACTIONS', [1, 3]],
  ['ui/study-list/study-list-page.tsx', 'REACHED', [1]],
  ['ui/study-list/study-list-page.tsx', 'COUNTED', ['one', 'more', 'oneMatch', 'moreMatch']],
  ['ui/study-list/study-table.tsx', 'COLUMNS', ['title']],
  ['ui/viewer/card-structures.tsx', 'GROUPS', [1]],
  ['ui/viewer/edit-controls.tsx', 'TOOLS', [2]],
  ['ui/viewer/key-sheet.tsx', 'POINTERS', [0, 1]],
  ['ui/viewer/mpr-bar.tsx', 'MODES', [1, 2]],
  ['ui/viewer/preset-menu.tsx', 'CHOICES', ['label']],
  ['ui/viewer/settings-dialog.tsx', 'MICE', ['isocenter', 'radiant']],
  ['ui/viewer/settings-dialog.tsx', 'THEME_NAMES', ['automatic', 'standard', 'contrast']],
  ['ui/viewer/structures-panel.tsx', 'KINDS', ['draft']],
  ['ui/viewer/tool-bar.tsx', '*', ['label']],
  ['ui/viewer/tool-bar.tsx', 'MENUS', ['links', 'view', 'export']],
  ['ui/viewer/volume-bar.tsx', 'SIDES', [0, 1, 2]],
  ['ui/viewer/waveform-view.tsx', 'TITLES', ['3x4']],
  ['viewport/mpr/session.ts', 'SLAB_NAMES', ['max', 'min', 'mean']],
  ['viewport/structures/listed.ts', 'KINDS', ['SEG', 'RTSTRUCT', 'RTDOSE']],
];

/** Texts that are words of the archive's answers, of a coding scheme or of the decoding worker, translated where they arrive. */
export const ANSWERED = [
  'CC with prior', 'MLO with prior', 'waiting', 'running', 'done', 'failed', 'cancelled', 'blanked', 'as it is', 'set aside',
  'Tissue', 'Anatomical Structure', 'Morphologically Abnormal Structure', 'Organ', 'Blood vessel', 'Lesion', 'Neoplasm',
  'A decoder did not load', 'Compressed frame is {width} × {height}, the header says {columns} × {rows}', 'RLE frame has {segments} segments',
  'No decoder in the browser for {syntax}', 'The frame is cut off', 'The compressed data cannot be decoded',
]; // prettier-ignore

/** Not translated: DICOM's own terms, units, file types, names. */
const TERMS = new Set([
  '3D', 'CSV', 'JSON', 'CT', 'MR', 'PET', 'PET/CT', 'MIP', 'MinIP', 'mm', 'mm/s', '/s', 'Gy', 'HU', 'bpm', 'Isocenter', 'Weasis', 'RadiAnt', 'Horos',
  'SEG', 'RTSTRUCT', 'RTDOSE', 'RGB', 'ISOCENTER', 'isocenter send', 'FOLDER', '--tls', '--tls ', 'Isocenter ·', 'Enter', 'Space', 'Esc', 'A', 'px', 'MiB', 'MiB/s', 'C-STORE', 'US region',
  'CC', 'MLO', 'DX', 'CR', 'CT, PET', 'PET 20 step',
  // Columns of files, and what only programmers see.
  'Outside the dose grid (ml)', 'No services above this component', 'More of the file is needed',
]); // prettier-ignore

/** Files without texts for people: tables of the standard. */
const TABLES_OF_DICOM: readonly RegExp[] = [/^core\/tags\.ts$/, /^core\/data\//];

const sources: readonly { path: string; tree: ts.SourceFile }[] = Object.entries(files).map(([name, text]) => {
  const path = name.replace('../src/', '');
  return { path, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS) };
});

const done = sources.filter(({ path }) => !TABLES_OF_DICOM.some((table) => table.test(path)));

function walk(node: ts.Node, visit: (node: ts.Node) => boolean | undefined): void {
  if (visit(node) === false) return;
  node.forEachChild((child) => walk(child, visit));
}

const isText = (node: ts.Node): node is ts.StringLiteral | ts.NoSubstitutionTemplateLiteral => ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node);
const isTranslated = (node: ts.Node): node is ts.CallExpression => ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 't';

/** The literals that an expression may come to. */
function outcomes(node: ts.Node | undefined): string[] {
  if (!node) return [];
  if (isText(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...outcomes(node.whenTrue), ...outcomes(node.whenFalse)];
  if (ts.isBinaryExpression(node)) return [...outcomes(node.left), ...outcomes(node.right)];
  if (ts.isParenthesizedExpression(node) || ts.isElementAccessExpression(node)) return outcomes(node.expression);
  if (ts.isObjectLiteralExpression(node)) return node.properties.flatMap((property) => (ts.isPropertyAssignment(property) ? outcomes(property.initializer) : []));
  return [];
}

function inTable(node: ts.Node, columns: Columns): string[] {
  if (ts.isPropertyAssignment(node.parent) && node.parent.initializer === node) {
    const { name } = node.parent;
    return (ts.isIdentifier(name) || ts.isStringLiteral(name)) && columns.includes(name.text) ? outcomes(node) : [];
  }
  if (ts.isArrayLiteralExpression(node.parent)) return columns.includes(node.parent.elements.indexOf(node as ts.Expression)) ? outcomes(node) : [];
  return ts.isCallExpression(node.parent) && columns.includes(`${node.parent.expression.getText()}()`) && node.parent.arguments[0] === node ? outcomes(node) : [];
}

function ofTables(path: string, tree: ts.SourceFile): string[] {
  const found: string[] = [];
  for (const [, table, columns] of TABLES.filter(([file]) => file === path)) {
    walk(tree, (node) => {
      if (table !== '*' && ts.isVariableDeclaration(node) && node.parent.parent.parent === tree && node.name.getText() !== table) return false;
      if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return false;
      if (isText(node) && (table === '*' || within(node, table))) found.push(...inTable(node, columns));
      return true;
    });
  }
  return found;
}

function within(node: ts.Node, table: string): boolean {
  for (let at = node; !ts.isSourceFile(at); at = at.parent) if (ts.isVariableDeclaration(at) && at.name.getText() === table) return true;
  return false;
}

const isWord = (text: string): boolean => /[A-Za-z]{2}/.test(text) && !TERMS.has(text) && !/^\{\w+\}$/.test(text);

/** Every text that the languages have to have. */
export function wanted(): Set<string> {
  const found = new Set<string>(ANSWERED);
  for (const { path, tree } of done) {
    for (const text of ofTables(path, tree)) if (isWord(text)) found.add(text);
    walk(tree, (node) => {
      if (isTranslated(node)) for (const text of outcomes(node.arguments[0])) found.add(text);
      return true;
    });
  }
  found.delete('');
  return found;
}

const SHOWN = new Set(['aria-label', 'aria-description', 'title', 'placeholder', 'alt', 'label']);

/** Whether a text in this place of JSX is shown or read aloud. */
function isShown(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isJsxAttribute(parent)) return SHOWN.has(parent.name.getText());
  if (ts.isJsxExpression(parent)) return !ts.isJsxAttribute(parent.parent) || SHOWN.has(parent.parent.name.getText());
  if (ts.isConditionalExpression(parent)) return parent.condition !== node && isShown(parent);
  if (ts.isBinaryExpression(parent)) return /^(\|\||\?\?|&&)$/.test(parent.operatorToken.getText()) && isShown(parent);
  if (ts.isTemplateSpan(parent)) return isShown(parent.parent);
  return ts.isParenthesizedExpression(parent) && isShown(parent);
}

/** A sentence or message anywhere: a capital, then more words, or in templates a number. */
const isSentence = (text: string): boolean => /^[A-Z][a-z]+ [a-z]{2,}/.test(text);
const isCounted = ({ head }: ts.TemplateExpression): boolean => /^[A-Z][a-z]+ $/.test(head.text);
const spoken = (node: ts.TemplateExpression): string => [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join(' ').replace(/\s+/g, ' ').trim();

/** Texts that people see and that are not given to t(): "path:line text". */
export function literals(): string[] {
  const found: string[] = [];
  for (const { path, tree } of done) {
    const tabled = new Set(ofTables(path, tree));
    const say = (node: ts.Node, text: string): void => {
      if (isWord(text) && !tabled.has(text) && !ANSWERED.includes(text)) found.push(`${path}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${text}`);
    };
    walk(tree, (node) => {
      if (isTranslated(node) || ts.isImportDeclaration(node) || ts.isTypeNode(node)) return false;
      if (ts.isJsxText(node)) say(node, node.text.replace(/\s+/g, ' ').trim());
      else if (isText(node) && (isShown(node) || isSentence(node.text))) say(node, node.text);
      else if (ts.isTemplateExpression(node) && ((isShown(node) && /[A-Za-z]{3}/.test(spoken(node))) || isCounted(node) || isSentence(spoken(node)))) say(node, spoken(node));
      return true;
    });
  }
  return found;
}
