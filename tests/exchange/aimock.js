'use strict';
exports.aimock = async () => {};
