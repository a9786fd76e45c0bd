// One end of a call without media: everything is gathered before anything is told, so that two texts are all that passes.
globalThis.call = {
  // The description of this side, with every candidate in it: Firefox takes its time where UDP goes nowhere.
  async described(description) {
    const pc = this.pc;
    await pc.setLocalDescription(description);
    const patience = new Promise(resolve => setTimeout(resolve, 40000));
    const gathered = new Promise(resolve => {
      const look = () => pc.iceGatheringState === 'complete' && resolve();
      pc.addEventListener('icegatheringstatechange', look);
      look();
    });
    await Promise.race([gathered, patience]);
    return JSON.stringify({ type: pc.localDescription.type, sdp: pc.localDescription.sdp });
  },

  begin(configuration) {
    this.errors = [];
    this.pc = new RTCPeerConnection(configuration);
    this.pc.addEventListener('icecandidateerror', event => this.errors.push([event.url, event.errorCode, event.errorText]));
  },

  async offer(configuration) {
    this.begin(configuration);
    // Who is controlled uses the pair that data come on.
    const channel = this.pc.createDataChannel('lab');
    channel.addEventListener('open', () => { this.talk = setInterval(() => channel.send('ping'), 100); });
    return this.described(await this.pc.createOffer());
  },

  async answer(configuration, offer) {
    this.begin(configuration);
    this.pc.addEventListener('datachannel', ({ channel }) => {
      channel.addEventListener('message', () => channel.readyState === 'open' && channel.send('pong'));
    });
    await this.pc.setRemoteDescription(JSON.parse(offer));
    return this.described(await this.pc.createAnswer());
  },

  async accept(answer) {
    await this.pc.setRemoteDescription(JSON.parse(answer));
    return true;
  },

  // What became of it: the state of the connection, the types of the two candidates in use, and how long it took.
  async outcome(patience_ms) {
    const pc = this.pc, begun = performance.now();
    const settled = () => ['connected', 'completed', 'failed', 'closed'].includes(pc.iceConnectionState);
    while (!settled() && performance.now() - begun < patience_ms) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    const took_ms = Math.round(performance.now() - begun);
    if (pc.iceConnectionState === 'failed' || !settled()) {
      return { state: pc.iceConnectionState, took_ms, errors: this.errors };
    }
    // The first pair that works is not always the one that stays: having one by a relay, Chromium tries the others at leisure.
    let pair;
    for (let waited = 0; waited < 12000; waited += 500) {
      await new Promise(resolve => setTimeout(resolve, 500));
      pair = await this.selected();
      if (waited >= 1500 && pair.local !== 'relay' && pair.remote !== 'relay') break;
    }
    return { state: pc.iceConnectionState, took_ms, ...pair, errors: this.errors };
  },

  // The types of the two candidates in use.
  async selected() {
    const stats = new Map();
    (await this.pc.getStats()).forEach(one => stats.set(one.id, one));
    const all = [...stats.values()];
    const transport = all.find(one => one.type === 'transport' && one.selectedCandidatePairId);
    const pair = stats.get(transport?.selectedCandidatePairId)
      ?? all.find(one => one.type === 'candidate-pair' && one.selected)
      ?? all.find(one => one.type === 'candidate-pair' && one.nominated && one.state === 'succeeded');
    // A peer-reflexive candidate whose base is a relayed one is the relay's too.
    const type = id => stats.get(id)?.relayProtocol ? 'relay' : stats.get(id)?.candidateType ?? null;
    return { local: type(pair?.localCandidateId), remote: type(pair?.remoteCandidateId) };
  },

  async stats() {
    const all = [];
    (await this.pc.getStats()).forEach(one => all.push(one));
    return JSON.parse(JSON.stringify(all));
  },

  async end() {
    clearInterval(this.talk);
    this.pc?.close();
    return true;
  },
};
