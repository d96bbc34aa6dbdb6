// Visible elements that may have a role and hold a text, with their places; what they really are the driver computes.
const [role, part] = arguments;
const implied = {
  alert: "",
  article: "article",
  button: "button, summary, input[type=button], input[type=submit]",
  checkbox: "input[type=checkbox]",
  combobox: "select",
  complementary: "aside",
  field: "input[type=password], input[type=search]",
  group: "fieldset",
  heading: "h1, h2, h3, h4",
  link: "a[href]",
  list: "ul, ol",
  listitem: "li",
  main: "main",
  navigation: "nav",
  option: "option",
  region: "section[aria-label], section[aria-labelledby]",
  searchbox: "input[type=search]",
  textbox: "textarea, input:not([type]), input[type=text], input[type=password], input[type=search]",
};
const plain = (text) => text.replace(/\s+/g, " ").trim();
const texts = (element) => {
  const ids = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
  const labels = [...(element.labels ?? []), ...ids.map((id) => document.getElementById(id)).filter(Boolean)];
  const inside = [...element.querySelectorAll("[aria-label], [alt], [title]")];
  const attributes = [element, ...inside].flatMap((one) => ["aria-label", "title", "placeholder", "alt"].map((name) => one.getAttribute(name) ?? ""));
  return plain([...attributes, ...labels.map((label) => label.textContent ?? ""), element.textContent ?? ""].join(" "));
};
const words = plain(part).split(" ");
const selector = [`[role~="${role}"]`, implied[role]].filter(Boolean).join(", ");
return [...document.querySelectorAll(selector)]
  .filter((element) => {
    const said = element.getAttribute("role");
    return said === null || said.split(/\s+/)[0] === role;
  })
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && element.closest('[aria-hidden="true"]') === null)
  .filter((element) => words.every((word) => texts(element).includes(word)))
  .map((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return { element, place: [left, top, width, height] };
  })
  .filter(({ place }) => place[2] > 0 && place[3] > 0);
