import { expect, it } from 'vitest';
import { Searches } from '../../../src/io/lsl/searches.js';
import { createStreamInfo } from '../../../src/io/lsl/stream-info.js';

const outlet = (sourceId = 'belt') =>
  createStreamInfo(
    { name: 'Belt', type: 'RESP', channelCount: 2, channelFormat: 'float32', nominalRate_hz: 40, sourceId },
    { createdAt: 1, sessionId: 'default' },
  );

it('gives what may carry on a lost stream, and answered since and lately', () => {
  const searches = new Searches();
  const [lost, successor, other] = [outlet(), outlet(), outlet('else')];
  searches.answered(successor);
  let appeared = 0;
  const search = searches.begin(lost, () => appeared++);
  expect(search.streams).toEqual([]);
  for (const info of [successor, other, successor]) searches.answered(info);
  expect([search.streams, appeared]).toEqual([[successor], 1]);
  searches.vanished(successor);
  expect(search.streams).toEqual([]);
  search.close();
  searches.answered(successor);
  expect([search.streams, appeared]).toEqual([[], 1]);
});

it('leaves out what could not be connected to until it answers again', () => {
  const searches = new Searches();
  const lost = outlet();
  let appeared = 0;
  const search = searches.begin(lost, () => appeared++);
  searches.answered(lost);
  search.forget(lost.uid);
  expect(search.streams).toEqual([]);
  searches.answered(lost);
  expect([search.streams, appeared]).toEqual([[lost], 2]);
});
