// Bandit: three arms to pull; what trained policies, Thompson sampling and the optimal policy would pull now.
PANELS.bandit = (host, { imitators, rl2 }) => {
  const ARMS = 3, PULLS = 30, NAMES = ["left arm", "middle arm", "right arm"], random = randomness(9);
  const held = { rl2: member(decoded(rl2.model, 0, 0), "rl2"), copy: member(decoded(imitators.model, 0, 0), "ad_thompson") };
  const POLICIES_SHOWN = [
    { name: "rl2", label: "RL²: a network trained on reward alone", colour: "#0072B2" },
    { name: "copy", label: "a transformer that read histories of Thompson sampling", colour: "#56B4E9" },
    { name: "thompson", label: "Thompson sampling", colour: "#D55E00" },
    { name: "optimal", label: "the optimal policy", colour: "#009E73" },
  ];
  let chances, history, optimal = null, revealed = false;

  const arms = NAMES.map((label, arm) => {
    const made = button("", () => pull(arm));
    made.className = "arm";
    return made;
  });
  const state = node("p", { className: "told" });
  state.setAttribute("role", "status");
  const { shown, host: key } = legend(POLICIES_SHOWN, () => draw());
  const by = choice("let", POLICIES_SHOWN.map(({ name, label }) => [name, label]), () => {});
  const picked = () => by.querySelector("select").value;
  host.append(state, node("div", { className: "arms" }, ...arms), key, node("div", { className: "controls" },
    by, button("pull once", () => follow(1)), button("play on to the end", () => follow(PULLS)),
    button("Show the arms' chances", () => { revealed = !revealed; draw(); }), button("New arms", () => { begin(); draw(); })));

  function begin() {
    chances = NAMES.map(() => random());
    [history, revealed] = [[], false];
  }

  const counts = () => {
    const found = new Int32Array(2 * ARMS);
    for (const { arm, reward } of history) found[2 * arm + (reward ? 0 : 1)]++;
    return found;
  };

  // Each policy's probabilities of the next pull; null where they are not known yet.
  function policies() {
    const tokens = [2 * ARMS, ...history.map(({ arm, reward }) => 2 * arm + reward)], found = counts();
    const answer = model => softmax(POLICIES[model.kind](model, tokens).at(-1));
    const worth = optimal && history.length < PULLS ? NAMES.map((_, arm) => optimal.worth(found, history.length, arm)) : null;
    const best = worth && worth.map(value => +(value > Math.max(...worth) - 1e-9));
    return {
      rl2: answer(held.rl2), copy: answer(held.copy),
      thompson: thompson(NAMES.map((_, arm) => [found[2 * arm], found[2 * arm + 1]])),
      optimal: best && best.map(value => value / best.reduce((a, b) => a + b, 0)),
    };
  }

  // What the optimal policy loses on average: of uniform chances the best is ARMS / (ARMS + 1).
  const least = () => PULLS * ARMS / (ARMS + 1) - Math.max(...NAMES.map((_, arm) => optimal.worth(new Int32Array(2 * ARMS), 0, arm)));

  function pull(arm, drawing = true) {
    if (history.length >= PULLS) return;
    history.push({ arm, reward: +(random() < chances[arm]) });
    if (drawing) draw();
  }

  function follow(pulls) {
    for (let i = 0; i < pulls && history.length < PULLS; i++) {
      const found = policies()[picked()] ?? NAMES.map(() => 1 / ARMS);
      let left = random(), arm = 0;
      while (arm < ARMS - 1 && (left -= found[arm]) > 0) arm++;
      pull(arm, false);
    }
    draw();
  }

  function draw() {
    const found = policies(), won = history.reduce((sum, { reward }) => sum + reward, 0), best = Math.max(...chances);
    arms.forEach((made, arm) => {
      const bars = POLICIES_SHOWN.filter(({ name }) => shown[name]).map(({ name, label, colour }) => bar(label, colour, found[name]?.[arm]));
      const past = history.filter(each => each.arm === arm);
      const marks = node("span", { className: "past", ariaHidden: "true" }, ...past.map(({ reward }) => node("i", { className: reward ? "won" : "" })));
      made.replaceChildren(node("strong", { textContent: NAMES[arm] }), node("small", { textContent: revealed ? `pays in ${Math.round(100 * chances[arm])} % of pulls` : "press to pull" }), marks, ...bars);
      made.setAttribute("aria-label", `${NAMES[arm]}: ${past.filter(({ reward }) => reward).length} of ${past.length} pulls paid`);
      made.disabled = history.length >= PULLS;
    });
    const regret = history.reduce((sum, { arm }) => sum + best - chances[arm], 0);
    state.innerHTML = history.length < PULLS ? `Pull <b>${history.length + 1}</b> of ${PULLS}; reward so far <b>${won}</b>.${optimal ? "" : " The optimal policy is being computed …"}`
      : `The end: reward <b>${won}</b>. Against always pulling the best arm, these choices cost <b>${figure(regret)}</b> on average${optimal ? `; over all arms, the optimal policy loses ${figure(least())}` : ""}.`;
  }

  function bar(label, colour, share) {
    const fill = node("span", { className: "fill" });
    Object.assign(fill.style, { width: `${100 * (share ?? 0)}%`, background: colour });
    return node("span", { className: "bar", title: label }, fill, node("em", { textContent: share === undefined || share === null ? "…" : `${Math.round(100 * share)} %` }));
  }

  begin();
  draw();
  // Computed once the panel comes into view: it takes a second.
  const watch = new IntersectionObserver(seen => {
    if (!seen.some(entry => entry.isIntersecting)) return;
    watch.disconnect();
    Optimal.soon(PULLS, found => { optimal = found; draw(); });
  });
  watch.observe(host);
};
