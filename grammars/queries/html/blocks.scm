; SPDX-License-Identifier: MIT
[(element) (script_element) (style_element)] @block
