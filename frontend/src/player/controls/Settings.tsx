import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { Rendition } from '../../api/types';
import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { type PlayerController, type PlayerState, SPEEDS } from '../controller';

type Page = 'main' | 'quality' | 'speed' | 'captions';

interface Props {
  player: PlayerController;
  state: PlayerState;
  renditions: readonly Rendition[];
  copyLabel: string;
  onCopy(): void;
  onStats(): void;
  onHelp(): void;
  onOpen(open: boolean): void;
}

const speedName = (rate: number) => (rate === 1 ? t('player.speed.normal') : `${rate}×`);

export function qualityName(state: PlayerState): string {
  if (state.wanted) return state.wanted;
  return state.shown
    ? t('player.quality.auto.now', { name: state.shown })
    : t('player.quality.auto');
}

function captionName({ captions, caption }: PlayerState): string {
  return captions[caption ?? -1]?.label ?? t('player.captions.off');
}

/** Quality, speed and the rest behind one button, as a menu with pages. */
export function Settings(props: Props) {
  const { player, state, onOpen } = props;
  const [page, setPage] = useState<Page>();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    onOpen(page !== undefined);
    if (page === undefined) return;
    const items = root.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]');
    const chosen = root.current?.querySelector<HTMLElement>('[aria-checked="true"]');
    (chosen ?? items?.[0])?.focus();
    const outside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setPage(undefined);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [page, onOpen]);

  const close = () => {
    setPage(undefined);
    button.current?.focus();
  };
  const then = (act: () => void) => () => {
    act();
    close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (page !== undefined)
      moveInMenu(event, root.current, page === 'main' ? close : () => setPage('main'));
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the menu inside bubble to it
    <div className="settings" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        className="control"
        aria-label={t('player.settings')}
        title={t('player.settings')}
        aria-haspopup="menu"
        aria-expanded={page !== undefined}
        onClick={() => setPage(page === undefined ? 'main' : undefined)}
      >
        <Icon name="settings" />
      </button>
      {page === 'main' && (
        <Menu label={t('player.settings')}>
          {state.hasQualities && (
            <Item value={qualityName(state)} onChoose={() => setPage('quality')}>
              {t('player.quality')}
            </Item>
          )}
          {state.captions.length > 0 && (
            <Item value={captionName(state)} onChoose={() => setPage('captions')}>
              {t('player.captions')}
            </Item>
          )}
          <Item value={speedName(state.rate)} onChoose={() => setPage('speed')}>
            {t('player.speed')}
          </Item>
          <Item onChoose={then(props.onCopy)}>{props.copyLabel}</Item>
          <Item onChoose={then(props.onStats)}>{t('player.stats')}</Item>
          <Item onChoose={then(props.onHelp)}>{t('player.help')}</Item>
        </Menu>
      )}
      {page === 'quality' && (
        <Menu label={t('player.quality')} onBack={() => setPage('main')}>
          {[...props.renditions].reverse().map((rung) => (
            <Choice
              key={rung.name}
              chosen={state.wanted === rung.name}
              onChoose={then(() => player.chooseQuality(rung.name))}
            >
              {rung.name}
            </Choice>
          ))}
          <Choice
            chosen={state.wanted === undefined}
            onChoose={then(() => player.chooseQuality(undefined))}
          >
            {state.wanted ? t('player.quality.auto') : qualityName(state)}
          </Choice>
        </Menu>
      )}
      {page === 'captions' && (
        <Menu label={t('player.captions')} onBack={() => setPage('main')}>
          <Choice
            chosen={state.caption === undefined}
            onChoose={then(() => player.showCaptions(undefined))}
          >
            {t('player.captions.off')}
          </Choice>
          {state.captions.map(({ label, language }, index) => (
            <Choice
              key={`${language} ${label}`}
              chosen={state.caption === index}
              onChoose={then(() => player.showCaptions(index))}
            >
              {label}
            </Choice>
          ))}
        </Menu>
      )}
      {page === 'speed' && (
        <Menu label={t('player.speed')} onBack={() => setPage('main')}>
          {SPEEDS.map((rate) => (
            <Choice
              key={rate}
              chosen={state.rate === rate}
              onChoose={then(() => player.setRate(rate))}
            >
              {speedName(rate)}
            </Choice>
          ))}
        </Menu>
      )}
    </div>
  );
}

interface MenuProps {
  label: string;
  children: ReactNode;
  onBack?: () => void;
}

function Menu({ label, children, onBack }: MenuProps) {
  return (
    <div className="menu" role="menu" aria-label={label}>
      {onBack && (
        <button type="button" className="menu-back" role="menuitem" tabIndex={-1} onClick={onBack}>
          <Icon name="back" />
          <span>{label}</span>
        </button>
      )}
      {children}
    </div>
  );
}

interface ItemProps {
  children: ReactNode;
  value?: string;
  onChoose(): void;
}

function Item({ children, value, onChoose }: ItemProps) {
  return (
    <button type="button" className="menu-item" role="menuitem" tabIndex={-1} onClick={onChoose}>
      <span>{children}</span>
      {value !== undefined && (
        <span className="menu-value">
          {value}
          <Icon name="next" />
        </span>
      )}
    </button>
  );
}

interface ChoiceProps {
  children: ReactNode;
  chosen: boolean;
  onChoose(): void;
}

function Choice({ children, chosen, onChoose }: ChoiceProps) {
  return (
    <button
      type="button"
      className="menu-item menu-choice"
      role="menuitemradio"
      aria-checked={chosen}
      tabIndex={-1}
      onClick={onChoose}
    >
      {chosen && <Icon name="check" />}
      <span>{children}</span>
    </button>
  );
}

function moveInMenu(event: KeyboardEvent, root: HTMLElement | null, leave: () => void): void {
  const items = [...(root?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const go = (index: number) => items[(index + items.length) % items.length]?.focus();
  switch (event.key) {
    case 'ArrowDown':
      go(at + 1);
      break;
    case 'ArrowUp':
      go(at - 1);
      break;
    case 'Home':
      go(0);
      break;
    case 'End':
      go(-1);
      break;
    case 'ArrowRight':
      if (items[at]?.querySelector('.menu-value')) items[at].click();
      break;
    case 'Escape':
    case 'ArrowLeft':
      leave();
      break;
    default:
      return;
  }
  event.preventDefault();
  event.stopPropagation();
}
