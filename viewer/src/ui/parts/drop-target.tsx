// Takes files and folders that are dropped anywhere on the page. On the study list they may be shown or put into the archive, by the half
// of the page that they are dropped on; elsewhere they are shown.

import { FolderOpen, Upload, type LucideIcon } from 'lucide-react';
import { useEffect, useState, useSyncExternalStore, type JSX } from 'react';
import { t } from '../../core/language';
import { fromDrop } from '../../local/gather';
import { connection } from '../../net/connection';
import { useServices } from '../services';
import './local.css';

type Way = 'show' | 'store';

const holdsFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false;

/** The right half of a wide page, the lower half of a narrow one. */
const wayAt = ({ clientX, clientY }: DragEvent): Way => ((innerWidth > innerHeight ? clientX > innerWidth / 2 : clientY > innerHeight / 2) ? 'store' : 'show');

export function DropTarget({ storing }: { storing: boolean }): JSX.Element | null {
  const { local, uploads } = useServices();
  const reach = useSyncExternalStore(connection.changed.listen, connection.state);
  const [over, setOver] = useState<Way>();
  const both = storing && reach === 'reached';
  useEffect(() => {
    const way = (event: DragEvent): Way => (both ? wayAt(event) : 'show');
    const onOver = (event: DragEvent): void => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(way(event));
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(undefined);
    };
    const onDrop = (event: DragEvent): void => {
      if (!holdsFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      setOver(undefined);
      void (way(event) === 'store' ? uploads : local).add(fromDrop(event.dataTransfer));
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, [local, uploads, both]);
  return over ? (
    <div className="drop-zones" role="status" data-both={both}>
      <Zone icon={FolderOpen} active={over === 'show'} title={t('Show here')} text={t('The files stay on this computer: nothing is uploaded')} />
      {both ? <Zone icon={Upload} active={over === 'store'} title={t('Put into the archive')} text={t('DICOM objects are stored, everything else is left out')} /> : null}
    </div>
  ) : null;
}

function Zone({ icon: Icon, active, title, text }: { icon: LucideIcon; active: boolean; title: string; text: string }): JSX.Element {
  return (
    <div className="drop-target" data-active={active}>
      <Icon size={40} strokeWidth={1.25} aria-hidden="true" />
      <strong>{title}</strong>
      <span>{text}</span>
    </div>
  );
}
