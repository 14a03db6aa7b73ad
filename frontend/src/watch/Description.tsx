import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { t } from '../i18n';
import { linkify } from '../lib/linkify';

const LONG = 400;

interface Props {
  text: string;
  id: string;
  onTime(seconds: number): void;
}

/** Plain text in which addresses and times can be followed. */
export function Description({ text, id, onTime }: Props) {
  const [open, setOpen] = useState(false);
  if (text.trim() === '') return null;
  const long = text.length > LONG || text.split('\n').length > 6;
  let at = 0;
  return (
    <div className="description">
      <p className="description-text" data-folded={long && !open}>
        {linkify(text).map((piece) => {
          const key = at;
          at += piece.text.length;
          if (piece.kind === 'link') {
            return (
              <a key={key} href={piece.href} rel="noopener noreferrer nofollow ugc" target="_blank">
                {piece.text}
              </a>
            );
          }
          if (piece.kind === 'time') {
            return (
              <Link
                key={key}
                to="/watch/$id"
                params={{ id }}
                search={{ t: piece.seconds }}
                replace
                onClick={() => onTime(piece.seconds)}
              >
                {piece.text}
              </Link>
            );
          }
          return <span key={key}>{piece.text}</span>;
        })}
      </p>
      {long && (
        <button
          type="button"
          className="button button-quiet"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {t(open ? 'watch.description.less' : 'watch.description.more')}
        </button>
      )}
    </div>
  );
}
