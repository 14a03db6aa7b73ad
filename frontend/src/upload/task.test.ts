import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/problem';
import type { Upload } from '../api/types';
import { FakeServer, fileOf, PART, plainHasher, taskFor } from './fake';
import { UnreadableFile } from './hasher';
import { Slots } from './slots';
import { uploadPercent } from './view';

const FILM = `${'abcdefghij'.repeat(4)}tail`;

describe('an upload', () => {
  it('sends every part once and ends stored', async () => {
    const server = new FakeServer(2);
    const { task } = taskFor(server, fileOf(FILM));
    await task.run();
    expect(task.state).toMatchObject({ phase: 'stored', sentBytes: FILM.length });
    expect(server.puts.toSorted()).toEqual([1, 2, 3, 4, 5]);
    expect(server.upload?.state).toBe('complete');
  });

  it('takes the place of a film, also when it goes on elsewhere', async () => {
    const server = new FakeServer();
    const first = taskFor(server, fileOf(FILM), { replaces: 'old' });
    await first.task.run();
    expect(server.upload).toMatchObject({ video_id: 'old', revision: 2, state: 'complete' });
    const resume = server.upload as Upload;
    expect(taskFor(server, fileOf(FILM), { resume }).task.replaces).toBe('old');
  });

  it('asks for addresses in batches as large as it sends at once', async () => {
    const server = new FakeServer(2);
    await taskFor(server, fileOf(FILM)).task.run();
    expect(server.presigned).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('never shows 100 % before the server has everything', async () => {
    const server = new FakeServer();
    const { task } = taskFor(server, fileOf(FILM));
    const shown: string[] = [];
    task.subscribe(() => {
      if (server.upload?.state !== 'complete') shown.push(uploadPercent(task.state, FILM.length));
    });
    await task.run();
    expect(shown).not.toContain('100 %');
    expect(uploadPercent(task.state, FILM.length)).toBe('100 %');
  });

  it('sends only what is missing when the server knows the file', async () => {
    const server = new FakeServer();
    const first = taskFor(server, fileOf(FILM));
    server.onPut = (part) => {
      // The page is closed in the middle of the third part.
      if (part === 3) throw new Error('closed');
    };
    await first.task.run();
    server.onPut = () => undefined;
    server.puts.length = 0;
    const second = taskFor(server, fileOf(FILM));
    await second.task.run();
    expect(server.puts).toEqual([3, 4, 5]);
    expect(second.task.state.phase).toBe('stored');
  });

  it('refuses an empty file without asking the server', async () => {
    const server = new FakeServer();
    const { task } = taskFor(server, fileOf(''));
    await task.run();
    expect(task.state.failure?.remedy).toBe('no');
    expect(server.upload).toBeUndefined();
  });

  it('waits for its turn', async () => {
    const server = new FakeServer();
    const slots = new Slots(1);
    const leave = await slots.take(new AbortController().signal);
    const { task } = taskFor(server, fileOf(FILM), { slots });
    const running = task.run();
    await expect.poll(() => task.state.phase).toBe('queued');
    expect(task.state.upload?.watch_url).toBe('/watch/video-1');
    leave();
    await running;
    expect(task.state.phase).toBe('stored');
  });
});

describe('trouble on the way', () => {
  it('waits longer each time and goes on', async () => {
    const server = new FakeServer();
    server.putAnswers = [
      { kind: 'unreachable' },
      { kind: 'refused', status: 503 },
      { kind: 'unreachable' },
    ];
    const { task, pause } = taskFor(server, fileOf(FILM));
    const phases = new Set<string>();
    task.subscribe(() => phases.add(task.state.phase));
    await task.run();
    expect(pause.waits).toEqual([1000, 2000, 4000]);
    expect(phases).toContain('waiting');
    expect(task.state.phase).toBe('stored');
  });

  it('retries calls that the server could not answer', async () => {
    const server = new FakeServer();
    server.apiErrors = [new ApiError(0, 'unreachable'), new ApiError(502, 'bad gateway')];
    const { task, pause } = taskFor(server, fileOf(FILM));
    await task.run();
    expect(pause.waits).toHaveLength(2);
    expect(task.state.phase).toBe('stored');
  });

  it('gives up after many attempts, and goes on where it was when asked to', async () => {
    const server = new FakeServer();
    server.onPut = (part) => {
      if (part === 3) server.putAnswers = [{ kind: 'unreachable' }];
    };
    const { task } = taskFor(server, fileOf(FILM));
    await task.run();
    expect(task.state).toMatchObject({
      phase: 'failed',
      failure: { remedy: 'again', network: true },
    });
    server.onPut = () => undefined;
    server.putAnswers = [];
    server.puts.length = 0;
    await task.run();
    expect(server.puts).toEqual([3, 4, 5]);
    expect(task.state.phase).toBe('stored');
  });

  it('shows the server’s own sentence when it refuses', async () => {
    const server = new FakeServer();
    server.apiErrors = [new ApiError(413, 'Files may have 50 GB at most.')];
    const { task } = taskFor(server, fileOf(FILM));
    await task.run();
    expect(task.state.failure?.text).toBe('Files may have 50 GB at most.');
  });

  it('gets a new address when one has expired', async () => {
    const server = new FakeServer();
    server.putAnswers = [{ kind: 'refused', status: 403 }];
    const { task, pause } = taskFor(server, fileOf('short'));
    await task.run();
    expect(server.presigned).toEqual([[1], [1]]);
    expect(pause.waits).toEqual([]);
    expect(task.state.phase).toBe('stored');
  });

  it('does not ask for new addresses for ever', async () => {
    const server = new FakeServer();
    server.onPut = () => {
      server.putAnswers = [{ kind: 'refused', status: 403 }];
    };
    const { task } = taskFor(server, fileOf('short'));
    await task.run();
    expect(task.state.failure?.text).toContain('403');
  });

  it('sends again what the storage lost', async () => {
    const server = new FakeServer();
    server.putAnswers = ['lost'];
    const { task } = taskFor(server, fileOf(FILM));
    await task.run();
    expect(server.puts).toEqual([1, 2, 3, 4, 5, 1]);
    expect(task.state.phase).toBe('stored');
  });

  it('begins anew when the upload was given up meanwhile', async () => {
    const server = new FakeServer();
    server.onPut = (part) => {
      if (part !== 2 || !server.upload) return;
      server.onPut = () => undefined;
      server.upload.state = 'abandoned';
      server.putAnswers = [{ kind: 'refused', status: 404 }];
    };
    const { task } = taskFor(server, fileOf(FILM));
    await task.run();
    expect(task.state.upload?.upload_id).toBe('upload-2');
    expect(task.state.phase).toBe('stored');
  });

  it('says so when the file cannot be read any more', async () => {
    const server = new FakeServer();
    let reads = 0;
    const hasher = {
      crc32c: (blob: Blob) => {
        reads += 1;
        return reads > 5 ? Promise.reject(new UnreadableFile()) : plainHasher.crc32c(blob);
      },
    };
    const { task } = taskFor(server, fileOf(FILM), { hasher });
    await task.run();
    expect(task.state.failure?.remedy).toBe('file');
  });
});

describe('canceling', () => {
  it('stops and asks the server to forget', async () => {
    const server = new FakeServer();
    const { task } = taskFor(server, fileOf(FILM));
    server.onPut = (part) => {
      if (part === 2) void task.cancel();
    };
    await task.run();
    expect(task.state.phase).toBe('canceled');
    expect(server.puts).toEqual([1, 2]);
    expect(server.abandoned).toEqual(['upload-1']);
  });
});

describe('resuming with a file chosen again', () => {
  async function interrupted() {
    const server = new FakeServer();
    server.onPut = (part) => {
      if (part === 3) throw new Error('closed');
    };
    await taskFor(server, fileOf(FILM)).task.run();
    server.onPut = () => undefined;
    server.puts.length = 0;
    return { server, resume: await server.get('upload-1') };
  }

  it('goes on when the stored parts are this file’s', async () => {
    const { server, resume } = await interrupted();
    // A copy: another name, another date, the same bytes.
    const { task } = taskFor(server, fileOf(FILM, 'copy.mp4'), { resume });
    await task.run();
    expect(server.puts).toEqual([3, 4, 5]);
    expect(task.state.upload?.upload_id).toBe('upload-1');
  });

  it('refuses a file of another size', async () => {
    const { server, resume } = await interrupted();
    const { task } = taskFor(server, fileOf('another'), { resume });
    await task.run();
    expect(task.state.failure?.text).toContain('film.mp4');
    expect(server.puts).toEqual([]);
  });

  it('refuses a file that was edited', async () => {
    const { server, resume } = await interrupted();
    const edited = `X${FILM.slice(1)}`;
    const { task } = taskFor(server, fileOf(edited), { resume });
    await task.run();
    expect(task.state.failure?.remedy).toBe('file');
    expect(server.puts).toEqual([]);
  });

  it('begins anew when the server has forgotten it', async () => {
    const { server, resume } = await interrupted();
    const { task } = taskFor(server, fileOf(FILM), {
      resume: { ...resume, upload_id: 'long-gone' },
    });
    await task.run();
    expect(task.state.phase).toBe('stored');
  });

  it('knows how much is there before it starts', async () => {
    const { server, resume } = await interrupted();
    const { task } = taskFor(server, fileOf(FILM), { resume });
    expect(task.state.sentBytes).toBe(2 * PART);
  });
});
