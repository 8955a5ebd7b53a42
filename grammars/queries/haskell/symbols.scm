; SPDX-License-Identifier: MIT
(function name: (variable) @name) @function
(declarations (bind name: (variable) @name) @function)
(signature name: (variable) @name) @function
(data_type name: (name) @name) @type
(newtype name: (name) @name) @type
(type_synomym name: (name) @name) @type
(class name: (name) @name) @interface
(instance name: (name) @name) @class
