// The ray caster's programs (GLSL ES 3.00): from the screen through the texture, and a picture onto the canvas.

export const VERTEX = `#version 300 es
in vec2 corner;
out vec2 at;
void main() {
  at = corner;
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

/**
 * Rays start at `origin + at.x * across + at.y * upward` and go `ray` a millimetre, all in texture coordinates. `low` and
 * `high` are the corners of the clipping box. The gradient is turned into the patient by `axisX/Y/Z`, what a millimetre
 * along each of its axes is in the texture. What the scissors cut is in a picture each, which `cutAcross` and `cutUpward` lead to;
 * only samples that would be seen are asked for.
 */
export const RAYS = `#version 300 es
precision highp float;
precision highp sampler3D;
precision mediump sampler2DArray;
uniform sampler3D volume;
uniform sampler2D table;
uniform vec3 origin, across, upward, ray;
uniform vec3 low, high;
uniform vec3 texel;
uniform vec3 axisX, axisY, axisZ, light;
uniform float reach, pace;
uniform int mode;
uniform vec2 window;
uniform bool shaded;
uniform sampler2DArray cuts;
uniform int cutCount;
uniform vec4 cutAcross[16], cutUpward[16];
uniform bool cutKeeps[16];
in vec2 at;
out vec4 colour;

const int MOST_STEPS = 4096;

float noise(vec2 place) {
  return fract(sin(dot(place, vec2(12.9898, 78.233))) * 43758.5453);
}

bool away(vec3 place) {
  vec4 at = vec4(place, 1.0);
  for (int cut = 0; cut < cutCount; cut += 1) {
    bool inside = texture(cuts, vec3(dot(cutAcross[cut], at), dot(cutUpward[cut], at), float(cut))).r > 0.5;
    if (inside != cutKeeps[cut]) return true;
  }
  return false;
}

vec3 lit(vec3 place, vec3 own) {
  vec3 slope = vec3(
    texture(volume, place + vec3(texel.x, 0.0, 0.0)).r - texture(volume, place - vec3(texel.x, 0.0, 0.0)).r,
    texture(volume, place + vec3(0.0, texel.y, 0.0)).r - texture(volume, place - vec3(0.0, texel.y, 0.0)).r,
    texture(volume, place + vec3(0.0, 0.0, texel.z)).r - texture(volume, place - vec3(0.0, 0.0, texel.z)).r) / texel;
  vec3 gradient = vec3(dot(axisX, slope), dot(axisY, slope), dot(axisZ, slope));
  float size = length(gradient);
  if (size < 1e-5) return own;
  float facing = abs(dot(gradient / size, light));
  return own * (0.25 + 0.8 * facing) + vec3(0.18) * pow(facing, 24.0);
}

void main() {
  vec3 start = origin + at.x * across + at.y * upward;
  vec3 nearest = (low - start) / ray, farthest = (high - start) / ray;
  vec3 first = min(nearest, farthest), last = max(nearest, farthest);
  float from = max(max(first.x, max(first.y, first.z)), 0.0);
  float to = min(min(last.x, min(last.y, last.z)), reach);
  if (from >= to) {
    colour = vec4(0.0, 0.0, 0.0, 1.0);
    return;
  }
  float t = from + pace * noise(gl_FragCoord.xy);
  if (mode == 1) {
    float most = 0.0;
    for (int step = 0; step < MOST_STEPS && t < to; step += 1, t += pace) {
      vec3 place = start + t * ray;
      float value = texture(volume, place).r;
      if (value > most && !away(place)) most = value;
    }
    float grey = clamp((most - window.x) / (window.y - window.x), 0.0, 1.0);
    colour = vec4(vec3(grey), 1.0);
    return;
  }
  vec3 sum = vec3(0.0);
  float through = 1.0;
  for (int step = 0; step < MOST_STEPS && t < to && through > 0.02; step += 1, t += pace) {
    vec3 place = start + t * ray;
    vec4 own = texture(table, vec2(texture(volume, place).r, 0.5));
    if (own.a < 0.002 || away(place)) continue;
    float opacity = 1.0 - pow(1.0 - min(own.a, 0.999), pace);
    vec3 shown = shaded ? lit(place, own.rgb) : own.rgb;
    sum += through * opacity * shown;
    through *= 1.0 - opacity;
  }
  colour = vec4(sum, 1.0);
}`;

export const COPY = `#version 300 es
precision mediump float;
uniform sampler2D picture;
in vec2 at;
out vec4 colour;
void main() {
  colour = vec4(texture(picture, at * 0.5 + 0.5).rgb, 1.0);
}`;
