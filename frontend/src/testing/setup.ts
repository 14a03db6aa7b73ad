import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import { fakeApi } from './api';

// Machines that build something else meanwhile are slow.
configure({ asyncUtilTimeout: 10_000 });

// The client takes `fetch` when it is imported: this file comes before.
vi.stubGlobal('fetch', fakeApi.fetch);

beforeEach(() => {
  localStorage.clear();
  fakeApi.reset();
});

afterEach(cleanup);
