import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageTrial } from '../../../src/learn/datasets/dataset.js';
import { fixtureCopy, fixtures, truncate } from './fixture-copy.js';
import { openDataset, recordingsOf } from './read-dataset.js';

const IMAGES = 'Manually_Annotated_Images';
const TRAINING = join('Manually_Annotated_file_lists', 'training.csv');

/** By file: what Pillow makes of it, [8, 8, 3]; made by fixtures/datasets/make_affectnet.py. */
const faces: Readonly<Record<string, number[][][]>> = JSON.parse(
  readFileSync(join(fixtures, 'affectnet', 'faces.json'), 'utf8'),
);

async function imagesOf(path: string, list: string, settings: object = {}): Promise<readonly ImageTrial[]> {
  const dataset = await openDataset('affectnet', { path, size: 8, ...settings });
  const [recording, ...more] = await recordingsOf(dataset, list);
  expect(more).toEqual([]);
  if (recording.kind !== 'images') throw new Error('no images');
  expect(recording.modality).toBe('face');
  expect(recording.shape).toEqual({ channels: ['red', 'green', 'blue'], height: 8, width: 8 });
  return recording.images;
}

describe('affectnet', () => {
  const copy = join(fixtures, 'affectnet');

  it('has the rated faces of both lists, and says what it leaves out', async () => {
    const dataset = await openDataset('affectnet', { path: copy });
    expect(dataset.people).toEqual(['training', 'validation']);
    expect(dataset.dimensions).toEqual(['valence', 'arousal']);
    expect(dataset.classes).toBeNull();
    expect(dataset.hasImages).toBe(true);
    expect(dataset.notes).toEqual([
      'training: 3 images have no valence and arousal (1 uncertain, 2 no face) and are left out',
    ]);
    const training = await imagesOf(copy, 'training');
    expect(training.map(({ trial, label }) => [trial, label.targets.valence, label.targets.arousal])).toEqual(
      [
        ['1/a.jpg', 0.625, 0.25],
        ['1/b.png', -0.5, 0.75],
        ['2/c.JPG', 0, 0],
        ['2/d.tif', -1, 1],
        ['2/e.png', 0.125, -0.25],
      ],
    );
    expect(training.map(({ position, stimulus }) => [position, stimulus])).toEqual(
      [0, 1, 2, 3, 4].map((i) => [i, null]),
    );
    const validation = await imagesOf(copy, 'validation');
    expect(validation.map(({ trial }) => trial)).toEqual(['9/v0.jpg', '9/v1.jpg']);
  });

  it('takes one list where it is asked to', async () => {
    const dataset = await openDataset('affectnet', { path: copy, people: ['validation'] });
    expect(dataset.people).toEqual(['validation']);
  });

  it('gives faces as Pillow crops and shrinks them, whatever the format', async () => {
    const images = [...(await imagesOf(copy, 'training')), ...(await imagesOf(copy, 'validation'))];
    expect(images.map(({ trial }) => trial).sort()).toEqual(Object.keys(faces).sort());
    for (const { trial, read } of images) {
      const [found, expected] = [await read(), faces[trial].flat(2)];
      expect(found.length).toBe(expected.length);
      if (trial === '1/b.png') {
        expect([...found]).toEqual(expected);
        continue;
      }
      const differences = expected.map((value, i) => Math.abs(value - found[i]));
      expect(Math.max(...differences), trial).toBeLessThan(12);
      expect(differences.reduce((sum, d) => sum + d, 0) / differences.length, trial).toBeLessThan(4);
    }
  });

  it('tells the eight expressions where it is asked to, and none of what shows none', async () => {
    const dataset = await openDataset('affectnet', { path: copy, expressions: true });
    expect(dataset.classes).toHaveLength(8);
    const images = await imagesOf(copy, 'training', { expressions: true });
    expect(images.map(({ label }) => label.class)).toEqual([1, 4, 0, 6, null]);
  });

  it('leaves out what it is asked to', async () => {
    const images = await imagesOf(copy, 'training', { without: ['1/b.png'] });
    expect(images.map(({ trial }) => trial)).not.toContain('1/b.png');
    const { notes } = await openDataset('affectnet', { path: copy, without: ['1/b.png'] });
    expect(notes).toContain('training: 1 images are left out as `without` asks');
  });

  it('finds images beside the lists and where it is told', async () => {
    const folder = fixtureCopy('affectnet');
    renameSync(join(folder, IMAGES), join(folder, 'elsewhere'));
    await expect(imagesOf(folder, 'training')).rejects.toMatchObject({ code: 'dataset-missing' });
    expect(await imagesOf(folder, 'training', { images: 'elsewhere' })).toHaveLength(5);
  });

  it('names an image that is missing, and leaves out as many as are allowed', async () => {
    const folder = fixtureCopy('affectnet');
    rmSync(join(folder, IMAGES, '2', 'c.JPG'));
    await expect(imagesOf(folder, 'training')).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('c.JPG'),
    });
    await expect(imagesOf(folder, 'training', { missing_share: 0.1 })).rejects.toThrow('missing_share');
    const images = await imagesOf(folder, 'training', { missing_share: 0.2 });
    expect(images).toHaveLength(4);
    const { notes } = await openDataset('affectnet', { path: folder, missing_share: 0.2 });
    expect(notes).toContain('training: 1 images are missing from the copy and left out');
  });

  it.each(['1/a.jpg', '1/b.png', '2/d.tif'])('names %s where it is cut short', async (file) => {
    const folder = fixtureCopy('affectnet');
    truncate(join(folder, IMAGES, file), 0.4);
    const images = await imagesOf(folder, 'training');
    await expect(images.find(({ trial }) => trial === file)!.read()).rejects.toMatchObject({
      code: 'dataset-damaged',
      message: expect.stringContaining(file.slice(2)),
    });
  });

  it('names an image that is gone since, one that is none, and a box that lies outside', async () => {
    const folder = fixtureCopy('affectnet');
    const images = await imagesOf(folder, 'training');
    rmSync(join(folder, IMAGES, '1', 'a.jpg'));
    await expect(images[0].read()).rejects.toMatchObject({ code: 'dataset-missing' });
    writeFileSync(join(folder, IMAGES, '1', 'a.jpg'), 'no image');
    await expect(images[0].read()).rejects.toMatchObject({ code: 'dataset-damaged' });
    const list = join(folder, TRAINING);
    writeFileSync(list, readFileSync(list, 'utf8').replace('1/b.png,5,3,8,8', '1/b.png,500,3,8,8'));
    const [, outside] = await imagesOf(folder, 'training');
    await expect(outside.read()).rejects.toThrow('its face box lies outside its 24 x 20 pixels');
  });

  it('refuses lists that are not AffectNet’s', async () => {
    const folder = fixtureCopy('affectnet');
    const list = join(folder, TRAINING);
    const text = readFileSync(list, 'utf8');
    const refused = async (changed: string, code: string, what: string) => {
      writeFileSync(list, changed);
      await expect(imagesOf(folder, 'training')).rejects.toMatchObject({
        code,
        message: expect.stringContaining(what),
      });
    };
    await refused(text.replace(',valence,', ',value,'), 'dataset-layout', 'no column valence');
    await refused('a,b\n1,2\n', 'dataset-layout', '2 columns instead of 9');
    await refused(text.replace(',1,0.625,0.25', ',1,6,0.25'), 'dataset-layout', 'a rating of 6');
    await refused(text.replace('1/a.jpg,10,8,64,60', '1/a.jpg,10,8,0,60'), 'dataset-layout', 'no face box');
    await refused(text.split('\n')[0], 'dataset-layout', 'no row of it has valence and arousal');
    rmSync(list);
    mkdirSync(join(folder, 'other'));
    await expect(openDataset('affectnet', { path: folder })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('training.csv'),
    });
  });
});
