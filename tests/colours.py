# SPDX-License-Identifier: BSD-2-Clause
"""How far apart two colours look: in CAM02-UCS, also to who lacks a kind of cones.

What they see is after Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation
of Color Vision Deficiency (2009), severity 1. The least distance of eight colours that are told
apart is 18, after Petroff, Accessible Color Sequences for Data Visualization (2021).
"""
import math

LEAST = 18
SEEN = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                   (0.004733, 0.691367, 0.303900)),
}
TO_XYZ = ((41.24564, 35.75761, 18.04375), (21.26729, 71.51522, 7.21750),
          (1.93339, 11.91920, 95.03041))
CAT02 = ((0.7328, 0.4296, -0.1624), (-0.7036, 1.6975, 0.0061), (0.0030, 0.0136, 0.9834))
CAT02_BACK = ((1.096124, -0.278869, 0.182745), (0.454369, 0.473533, 0.072098),
              (-0.009628, -0.005698, 1.015326))
HUNT = ((0.38971, 0.68898, -0.07868), (-0.22981, 1.18340, 0.04641), (0, 0, 1))
WHITE = (95.047, 100, 108.883)
# An average surround of 64 lux, a grey ground: as of sRGB.
ADAPTING = 64 / math.pi / 5
SURROUND, INDUCED = 0.69, 0.725 * 5 ** 0.2
EXPONENT = 1.48 + math.sqrt(0.2)


def times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector)) for row in matrix]


def linear(colour):
    """Of "#rrggbb"."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in parts]


def luminance_level():
    k = 1 / (5 * ADAPTING + 1)
    return 0.2 * k ** 4 * 5 * ADAPTING + 0.1 * (1 - k ** 4) ** 2 * (5 * ADAPTING) ** (1 / 3)


def cones(xyz):
    """Their answers, adapted to the white."""
    degree = 1 - math.exp((-ADAPTING - 42) / 92) / 3.6
    adapted = [(100 * degree / white + 1 - degree) * part
               for white, part in zip(times(CAT02, WHITE), times(CAT02, xyz))]
    answers = []
    for part in times(HUNT, times(CAT02_BACK, adapted)):
        power = (luminance_level() * abs(part) / 100) ** 0.42
        answers.append(math.copysign(400 * power / (power + 27.13), part) + 0.1)
    return answers


def place(rgb):
    """Lightness and two of colourfulness in CAM02-UCS, of linear sRGB."""
    red, green, blue = cones(times(TO_XYZ, rgb))
    a, b = red - 12 * green / 11 + blue / 11, (red + green - 2 * blue) / 9
    hue = math.atan2(b, a)
    white = cones(WHITE)
    bright = [(2 * r + g + b / 20 - 0.305) * INDUCED for r, g, b in ((red, green, blue), white)]
    lightness = 100 * (max(bright[0], 0) / bright[1]) ** (SURROUND * EXPONENT)
    part = 50000 / 13 * INDUCED * 0.25 * (math.cos(hue + 2) + 3.8) * math.hypot(a, b) / \
        (red + green + 21 / 20 * blue)
    colourful = part ** 0.9 * math.sqrt(lightness / 100) * (1.64 - 0.29 ** 0.2) ** 0.73 * \
        luminance_level() ** 0.25
    spread = math.log(1 + 0.0228 * colourful) / 0.0228
    return 1.7 * lightness / (1 + 0.007 * lightness), spread * math.cos(hue), \
        spread * math.sin(hue)


def distance(one, other, seen):
    return math.dist(*(place([min(1, max(0, part)) for part in times(SEEN[seen], linear(colour))])
                       for colour in (one, other)))
