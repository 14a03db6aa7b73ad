import { ApiError } from '../api/problem';
import type { PresignedPart, Upload, UploadPart } from '../api/types';
import { FakeServer } from './fake';
import type { NewUpload, PutResult, Transport } from './transport';

/** A server for several files at once, for the stories of the pages. */
export class FakeCrowd implements Transport {
  readonly servers = new Map<string, FakeServer>();
  /** Parts wait for this before they are stored. */
  gate: Promise<void> = Promise.resolve();

  async create(upload: NewUpload): Promise<Upload> {
    const server = new FakeServer(1, `${upload.file_name}-`);
    const made = await server.create(upload);
    this.servers.set(made.upload_id, server);
    return made;
  }

  /** As if it had been there before the page was opened. */
  adopt(upload: Upload): FakeServer {
    const server = new FakeServer();
    server.upload = structuredClone(upload);
    this.servers.set(upload.upload_id, server);
    return server;
  }

  get = (id: string) => this.#of(id).get(id);

  async presign(id: string, parts: UploadPart[]): Promise<PresignedPart[]> {
    const presigned = await this.#of(id).presign(id, parts);
    return presigned.map((part) => ({ ...part, headers: { ...part.headers, upload: id } }));
  }

  async put(...sent: Parameters<Transport['put']>): Promise<PutResult> {
    await this.gate;
    const [part] = sent;
    return this.#of(part.headers.upload ?? '').put(...sent);
  }

  complete = (id: string) => this.#of(id).complete();
  abandon = (id: string) => this.#of(id).abandon(id);

  #of(id: string): FakeServer {
    const server = this.servers.get(id);
    if (!server) throw new ApiError(404, 'unknown upload');
    return server;
  }
}
