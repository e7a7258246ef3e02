// Says that measurements are not saved, as long as that is so.

import type { JSX } from 'react';
import type { Drafts } from '../../viewport/measure/drafts';
import { useStateOf } from './use-signal';

export function SaveNote({ drafts }: { drafts: Drafts }): JSX.Element | null {
  const said = useStateOf(drafts);
  return said ? (
    <div className="page-note save-note" role="alert" data-testid="save-note">
      {said}
    </div>
  ) : null;
}
