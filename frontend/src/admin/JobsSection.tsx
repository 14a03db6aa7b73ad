import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { Job } from '../api/types';
import { t } from '../i18n';
import '../i18n/admin';
import { Problem } from '../ui/Problem';

const STATES = ['failed', 'running', 'waiting'] as const;
type JobState = (typeof STATES)[number];

const AGAIN_MS = 5_000;

const jobs = (state: JobState | '') =>
  queryOptions({
    queryKey: ['admin', 'jobs', state],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/admin/jobs', { params: { query: state ? { state } : {} }, signal })),
    refetchInterval: AGAIN_MS,
  });

function JobRow({ job, onRetry }: { job: Job; onRetry(): void }) {
  const name = `${job.kind} ${job.tracks} ${job.first_segment}`.trim();
  return (
    <li className="studio-row">
      <div className="studio-text">
        <p>
          <strong>{t(`admin.job.${job.state as JobState}`)}</strong> {name},{' '}
          <Link to="/watch/$id" params={{ id: job.video_id }}>
            {job.video_id}
          </Link>
        </p>
        <p className="studio-facts">
          {t('admin.job.attempts', { attempts: job.attempts, deaths: job.deaths })}
          {job.worker && ` · ${job.worker}`}
        </p>
        {job.last_error && <p className="studio-problem">{job.last_error}</p>}
      </div>
      {job.state === 'failed' && (
        <div className="studio-actions">
          <button
            type="button"
            className="button button-quiet"
            aria-label={t('admin.job.retry.name', { name, film: job.video_id })}
            onClick={onRetry}
          >
            {t('admin.job.retry')}
          </button>
        </div>
      )}
    </li>
  );
}

/** What the transcoder is to do, does and gave up on, and why. */
export function JobsSection() {
  const id = useId();
  const queries = useQueryClient();
  const [state, setState] = useState<JobState | ''>('');
  const list = useQuery(jobs(state));
  const found = list.data?.items ?? [];
  const retry = useMutation({
    mutationFn: (job: Job) =>
      unwrap(api.POST('/api/admin/jobs/{id}/retry', { params: { path: { id: job.task_id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['admin', 'jobs'] }),
  });
  return (
    <section className="account-section admin-section" aria-labelledby={id}>
      <h2 id={id}>{t('admin.jobs')}</h2>
      <div className="field studio-search">
        <label htmlFor={`${id}-state`}>{t('admin.jobs.state')}</label>
        <select
          id={`${id}-state`}
          value={state}
          onChange={(event) => setState(event.currentTarget.value as JobState | '')}
        >
          <option value="">{t('admin.jobs.all')}</option>
          {STATES.map((one) => (
            <option key={one} value={one}>
              {t(`admin.job.${one}`)}
            </option>
          ))}
        </select>
      </div>
      {list.error && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {retry.error && (
        <p className="account-problem" role="alert">
          {retry.error.message}
        </p>
      )}
      <p role="status">{list.isSuccess && found.length === 0 && t('admin.jobs.none')}</p>
      <ul className="studio-list admin-list">
        {found.map((job) => (
          <JobRow key={job.task_id} job={job} onRetry={() => retry.mutate(job)} />
        ))}
      </ul>
    </section>
  );
}
