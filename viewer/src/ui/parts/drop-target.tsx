// Takes files and folders that are dropped anywhere on the page.

import { FolderOpen } from 'lucide-react';
import { useEffect, useState, type JSX } from 'react';
import { t } from '../../core/language';
import { fromDrop } from '../../local/gather';
import { useServices } from '../services';
import './local.css';

const holdsFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false;

export function DropTarget(): JSX.Element | null {
  const { local } = useServices();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const onOver = (event: DragEvent): void => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      if (!holdsFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      setOver(false);
      void local.add(fromDrop(event.dataTransfer));
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, [local]);
  return over ? (
    <div className="drop-target" role="status">
      <FolderOpen size={40} strokeWidth={1.25} aria-hidden="true" />
      <strong>{t('Drop to open')}</strong>
      <span>{t('The files stay on this computer: nothing is uploaded')}</span>
    </div>
  ) : null;
}
