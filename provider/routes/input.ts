import type { FastifyInstance } from 'fastify';
import { findService } from '../asset/asset.ts';
import type { ProviderContext } from '../context.ts';
import { parseRange } from '../files/byte-range.ts';
import { decryptFiles } from '../files/service-files.ts';
import { Refused, orRefuse, refused } from '../refusal.ts';
import { sendFile } from './send-file.ts';

/**
 * A file's bytes for a job's broker, against a capability. Any number of times and from any byte on, so that a broken
 * transfer resumes. The job was authorised when it started: neither its nonce nor a list of addresses is asked again (T8).
 */
export function registerInput(app: FastifyInstance, { capabilities, resolver, source }: ProviderContext): void {
  app.get('/api/services/input', async (request, reply) => {
    const capability = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (capability === undefined)
      throw refused('CAPABILITY_MISSING', 'authorization', 'capability.present', 'A capability is needed.');
    const grant = orRefuse(await capabilities.verify(capability), 'text');
    const asset = orRefuse(await resolver.resolve(grant.did), 'text');
    const service = orRefuse(findService(asset, grant.serviceId, 'authorization'), 'text');
    const files = orRefuse(await decryptFiles(service), 'text');
    const file = files[grant.fileIndex];
    if (!file)
      throw refused('FILE_INDEX_OUT_OF_RANGE', 'authorization', 'file.index', `No such fileIndex ${grant.fileIndex}`);
    const opened = await source.open(file, { range: parseRange(request.headers.range), userdata: grant.userdata });
    // The broker tries again on 502; to it, a source that is down is not its own mistake.
    if (!opened.ok) throw new Refused(opened.reason, 'text', 502);
    return sendFile(reply, opened.value, undefined);
  });
}
