import { type SubmitEvent, useId, useState } from 'react';
import { Field } from '../account/Field';
import type { EditVideo, Video, Visibility } from '../api/types';
import { t } from '../i18n';
import '../i18n/studio';
import { PosterField } from './PosterField';

const VISIBILITIES: Visibility[] = ['public', 'unlisted', 'password', 'shared', 'private'];

/** As the API names them. */
const CATEGORIES = [
  'activism',
  'animals',
  'art',
  'comedy',
  'education',
  'entertainment',
  'family',
  'films',
  'food',
  'gaming',
  'how-to',
  'music',
  'news',
  'science',
  'sports',
  'travel',
];

const list = (text: string) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** What the form says, as the API takes it. */
export function bodyOf(form: FormData): EditVideo {
  const text = (name: string) => String(form.get(name) ?? '');
  const visibility = text('visibility') as Visibility;
  const password = visibility === 'password' ? text('password') : '';
  return {
    title: text('title'),
    description: text('description'),
    visibility,
    ...(password ? { password } : {}),
    shared_with: list(text('shared_with')),
    tags: list(text('tags')),
    category: text('category'),
    language: text('language').trim(),
    ...(form.has('poster') && { poster: Number(form.get('poster')) }),
  };
}

interface Props {
  video: Video;
  busy: boolean;
  onSave(body: EditVideo): void;
}

/** What an owner says of a film, and who sees it. */
export function EditForm({ video, busy, onSave }: Props) {
  const id = useId();
  const [visibility, setVisibility] = useState(video.visibility);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!busy) onSave(bodyOf(new FormData(event.currentTarget)));
  };
  return (
    <form className="edit-form" onSubmit={submit}>
      <Field
        name="title"
        label={t('upload.field.title')}
        maxLength={200}
        required
        defaultValue={video.title}
      />
      <div className="field">
        <label htmlFor={`${id}-description`}>{t('upload.field.description')}</label>
        <textarea
          id={`${id}-description`}
          name="description"
          rows={5}
          maxLength={5000}
          defaultValue={video.description}
        />
      </div>
      <PosterField video={video} />
      <fieldset className="edit-choices">
        <legend>{t('edit.visibility')}</legend>
        {VISIBILITIES.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="visibility"
              value={one}
              defaultChecked={one === video.visibility}
              onChange={() => setVisibility(one)}
            />
            <span>
              {t(`studio.visibility.${one}`)}
              <span className="field-hint">{t(`studio.visibility.${one}.hint`)}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {visibility === 'password' && (
        <Field
          name="password"
          label={t('edit.password')}
          hint={t(video.visibility === 'password' ? 'edit.password.stays' : 'edit.password.hint')}
          required={video.visibility !== 'password'}
          minLength={8}
          maxLength={256}
          autoComplete="off"
        />
      )}
      <div hidden={visibility !== 'shared'}>
        <Field
          name="shared_with"
          label={t('edit.shared-with')}
          hint={t('edit.shared-with.hint')}
          defaultValue={video.shared_with?.join(', ') ?? ''}
        />
      </div>
      <Field
        name="tags"
        label={t('edit.tags')}
        hint={t('edit.tags.hint')}
        defaultValue={video.tags.join(', ')}
      />
      <div className="field">
        <label htmlFor={`${id}-category`}>{t('edit.category')}</label>
        <select id={`${id}-category`} name="category" defaultValue={video.category ?? ''}>
          <option value="">{t('edit.category.none')}</option>
          {CATEGORIES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </div>
      <Field
        name="language"
        label={t('edit.language')}
        hint={t('edit.language.hint')}
        maxLength={35}
        defaultValue={video.language ?? ''}
      />
      <button type="submit" className="button" aria-disabled={busy}>
        {t('edit.save')}
      </button>
    </form>
  );
}
