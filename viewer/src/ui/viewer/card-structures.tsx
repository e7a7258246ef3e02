// On the thumbnail of a series: the segmentations, structure sets and doses that lie over it, to show and hide.

import { Shapes } from 'lucide-react';
import type { JSX } from 'react';
import { t } from '../../core/language';
import type { DisplaySet } from '../../core/stack';
import type { StructureObject } from '../../viewport/structures/objects';
import type { StructuresSession } from '../../viewport/structures/session';
import { MenuButton } from '../parts/menu-button';
import { useStateOf } from './use-signal';

const GROUPS: readonly (readonly [StructureObject['kind'], string])[] = [['SEG', 'Segmentations'], ['RTSTRUCT', 'Structure sets'], ['RTDOSE', 'Doses']];

export function CardStructures({ set, session }: { set: DisplaySet; session: StructuresSession }): JSX.Element | null {
  useStateOf(session);
  const over = session.over(set);
  if (over.length === 0) return null;
  return (
    <div className="card-structures">
      <MenuButton icon={Shapes} free label={String(over.length)} title={t('Segmentations, structure sets and doses of this series')} pressed={over.some(({ visible }) => visible)}>
        {() => GROUPS.map(([kind, title]) => <Group key={kind} title={t(title)} objects={over.filter((object) => object.kind === kind)} session={session} />)}
      </MenuButton>
    </div>
  );
}

function Group({ title, objects, session }: { title: string; objects: readonly StructureObject[]; session: StructuresSession }): JSX.Element | null {
  if (objects.length === 0) return null;
  return (
    <div className="menu-group" role="group" aria-label={title}>
      <div className="menu-note card-structures-title">{title}</div>
      {objects.map((object) => (
        <button key={object.id} type="button" role="menuitemcheckbox" aria-checked={object.visible} disabled={object.status === 'loading'} onClick={() => void session.toggle(object.id)}>
          <span>{object.title}</span>
          <span className="menu-note">{object.status === 'refused' ? t('cannot be shown') : object.status === 'loading' ? t('reading') : ''}</span>
        </button>
      ))}
    </div>
  );
}
