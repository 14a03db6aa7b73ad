import { cleanup } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import { fakeApi } from './api';

// The client takes `fetch` when it is imported: this file comes before.
vi.stubGlobal('fetch', fakeApi.fetch);

beforeEach(() => {
  localStorage.clear();
  fakeApi.reset();
});

afterEach(cleanup);
