import { describe, expect, it } from 'vitest';
import { LslError } from '../../../src/io/lsl/lsl-error.js';
import { compileQuery, quoteForQuery } from '../../../src/io/lsl/query.js';
import { formatXml, parseXml, xmlElement } from '../../../src/io/lsl/xml.js';

const info =
  parseXml(`<?xml version="1.0"?><info><name>Muse "2"</name><type>EEG</type><channel_count>4</channel_count>
<nominal_srate>256.0000000000000</nominal_srate><session_id>default</session_id><source_id /><desc>
<channels><channel><label>TP9</label><unit>uV</unit></channel><channel><label>AF7</label></channel></channels>
<manufacturer>Inter&amp;Axon</manufacturer></desc></info>`);

describe('queries', () => {
  it.each([
    ['', true],
    ["session_id='default' and type='EEG'", true],
    ["session_id='default'and type='Gaze'", false],
    ['name=\'Muse "2"\'', true],
    ["starts-with(name,'Muse') and contains(name, '2')", true],
    ["starts-with(name, 'muse')", false],
    ["not(starts-with(name, 'muse'))", true],
    ['count(desc/channels/channel)=2', true],
    ['count(//channel) > 2', false],
    ['channel_count >= 4 and nominal_srate=256', true],
    ["nominal_srate='256'", false],
    ["type='Gaze' or type='EEG'", true],
    ["type='Gaze' or type='EEG' and channel_count=5", false],
    ["(type='Gaze' or type='EEG') and channel_count=4", true],
    ["desc/channels/channel/label='AF7'", true],
    ["desc/channels/channel[label='TP9']/unit='uV'", true],
    ["desc/channels/channel[2]/label='AF7'", true],
    ["desc/channels/channel[1]/label='AF7'", false],
    ["/info/name='nobody'", false],
    ["/info/type='EEG'", true],
    ["desc/manufacturer='Inter&Axon'", true],
    ['desc/cap', false],
    ['source_id', true],
    ["source_id!=''", false],
    ["name/text()='x'", false],
    ["desc/*/channel/label='TP9'", true],
    ['string-length(type)=3 and true() and not(false())', true],
  ])('%s is %s', (query, expected) => {
    expect(compileQuery(query)(info)).toBe(expected);
  });

  it.each([
    "name='x",
    'name=',

    'frob(name)',
    '((((',
    'name ~ 1',
    `${'('.repeat(100)}1`,
    'starts-with(name)',
  ])('%s cannot be read', (query) => {
    expect(() => compileQuery(query)).toThrow(LslError);
  });

  it('quotes any text that XPath can say', () => {
    for (const text of ["it's", 'a "b"', 'plain'])
      expect(
        compileQuery(`name=${quoteForQuery(text)}`)(xmlElement('info', [xmlElement('name', text)])),
      ).toBe(true);
    expect(() => quoteForQuery(`'"`)).toThrow(LslError);
  });
});

describe('xml', () => {
  it('gives text back, every character of it', () => {
    const text = ' a <b> & "c" \'d\' é漢😀 ';
    expect(parseXml(formatXml(xmlElement('x', [xmlElement('y', text), xmlElement('z')])))).toEqual({
      name: 'x',
      text: '',
      children: [
        { name: 'y', text, children: [] },
        { name: 'z', text: '', children: [] },
      ],
    });
  });

  it('reads characters by number and CDATA', () => {
    expect(parseXml('<a>&#233;&#x1F600;<![CDATA[<b>]]></a>').text).toBe('é😀<b>');
  });

  it.each([
    ['entities of its own', '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'],
    ['two roots', '<a/><b/>'],
    ['nothing', ''],
    ['endless depth', '<a>'.repeat(1000)],
  ])('refuses %s', (_, text) => {
    expect(() => parseXml(text)).toThrow(LslError);
  });
});
